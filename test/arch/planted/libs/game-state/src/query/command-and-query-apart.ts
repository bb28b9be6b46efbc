import '../command/update-player.js';
