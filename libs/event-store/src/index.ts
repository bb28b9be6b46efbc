export { EventStore, type EventStoreOptions } from './event-store.js';
export { type ConsumeBatch, Feed } from './feed/feed.js';
export type { StateDocument } from './sql/read-state.js';
export { foldAll, rebuildStates } from './sql/rebuild-states.js';
export { freeze, hashEvent, unborn } from './writer/advance.js';
export type { AppendedEvent, Command, Outcome } from './writer/command.js';
export type { AppendObserver, AppendVerdict } from './writer/observer.js';
export { ENTITIES } from './entities/index.js';
export { EventStoreModule, type EventStoreModuleOptions, poolOf } from './event-store.module.js';
