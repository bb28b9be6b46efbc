export const name = 'event-store';
