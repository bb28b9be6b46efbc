export { createTestDatabase, onServer, SERVER_VARIABLE, serverUrl, TEMPLATE, type TestDatabase } from './database.js';
export { eventually } from './eventually.js';
export { eventStoreContract, type OpenedStore } from './event-store-contract.js';
export { type Decided, type Decider, givenFor } from './given.js';
export { type EventLog, InMemoryEventStore } from './in-memory-event-store.js';
export { askRedis, type PersistenceOfRedis, type RedisOptions, RedisServer, startRedis } from './redis.js';
export { type RedisCluster, startRedisCluster } from './redis-cluster.js';
