export { createTestDatabase, onServer, SERVER_VARIABLE, serverUrl, TEMPLATE, type TestDatabase } from './database.js';
export { eventually } from './eventually.js';
export { eventStoreContract, type OpenedStore } from './event-store-contract.js';
export { type Decided, type Decider, givenFor } from './given.js';
export { type EventLog, InMemoryEventStore } from './in-memory-event-store.js';
