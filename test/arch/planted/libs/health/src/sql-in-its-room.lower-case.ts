export const CREDIT = 'update players set gold = gold + 1';
