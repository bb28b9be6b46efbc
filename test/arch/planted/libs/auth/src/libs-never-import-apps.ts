import '../../../apps/state-service/src/config.js';
