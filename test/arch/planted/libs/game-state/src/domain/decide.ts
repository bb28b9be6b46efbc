import '@app/kernel';
import './definitions/player.js';
