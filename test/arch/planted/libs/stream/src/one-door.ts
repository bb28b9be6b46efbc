import '../../kernel/src/inside.js';
