import 'pg';

export const READ_EVENTS = 'SELECT data FROM global_state.events WHERE position > $1';
