export { createTestDatabase, onServer, SERVER_VARIABLE, serverUrl, TEMPLATE, type TestDatabase } from './database.js';
export { eventually } from './eventually.js';
