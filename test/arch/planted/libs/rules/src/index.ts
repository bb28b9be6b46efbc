export const name = 'rules';
