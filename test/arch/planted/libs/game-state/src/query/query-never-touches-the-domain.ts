import '../domain/decide.js';
