import '@app/event-store';
import '@app/game-state';
import '@app/stream';
import '../../../migrations/index.js';
import './config.js';
