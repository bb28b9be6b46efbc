export const name = 'stream';
