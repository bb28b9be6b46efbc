import '../query/get-player.js';
