import '../../../libs/kernel/src/inside.js';
