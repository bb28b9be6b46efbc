import { EventStore } from './0001-event-store.js';

/** All migrations in order. Append only: a migration that has shipped does not change. */
export const MIGRATIONS = [EventStore];
