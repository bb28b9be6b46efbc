import '../read-model/player.js';
