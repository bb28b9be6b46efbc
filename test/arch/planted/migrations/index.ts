export const CREATE_EVENTS = `CREATE TABLE events (
  position bigint PRIMARY KEY
)`;
