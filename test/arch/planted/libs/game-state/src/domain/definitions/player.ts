export const player = { level: 'max' };
