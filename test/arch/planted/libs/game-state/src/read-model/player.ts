export const player = 'a row';
