export const name = 'game-state';
