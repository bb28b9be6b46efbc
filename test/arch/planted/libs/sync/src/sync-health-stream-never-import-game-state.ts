import '@app/game-state';
