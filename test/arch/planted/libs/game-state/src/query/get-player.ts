import '@app/cache';
import '../read-model/player.js';
