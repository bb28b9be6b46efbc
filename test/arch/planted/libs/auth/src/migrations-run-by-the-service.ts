import '../../../migrations/index.js';
