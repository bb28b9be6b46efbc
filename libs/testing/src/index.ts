export { createTestDatabase, onServer, SERVER_VARIABLE, serverUrl, TEMPLATE, type TestDatabase } from './database.js';
export { eventually } from './eventually.js';
export { type Decided, type Decider, givenFor } from './given.js';
