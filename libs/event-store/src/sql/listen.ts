/** Sent by the append function, in the transaction of the events, so that it arrives after they can be read. */
export const LISTEN = 'LISTEN global_state_events';
