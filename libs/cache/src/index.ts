export { CacheModule, type CacheModuleOptions, RedisModule } from './cache.module.js';
export { Coherence } from './coherence.js';
export { ABSENT, type Entry } from './entry.js';
export { CacheFigures } from './figures.js';
export { BLIND_AFTER_MS, LayeredCache } from './layered-cache.js';
export type { CachePorts, ChangeSource, KeyChange, LoadEntries, LogLook, ReadDemand } from './ports.js';
export { sharedCounts } from './shared/shared-counts.js';
export { sharedPresence } from './shared/shared-presence.js';
export { RedisConnection, type RedisOptions } from './shared/redis-connection.js';
