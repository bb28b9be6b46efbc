export const STATEMENTS = ['LISTEN events', 'SELECT 1'];
