import '../../http/player.controller.js';
