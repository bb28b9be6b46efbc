export { EmbeddedPostgres, thisMachine } from './embedded-postgres.js';
export type { ConnectionParts, EmbeddedPostgresOptions, Machine } from './embedded-postgres.js';
export { DataFolderInUse, EmbeddedPostgresError } from './failure.js';
export type { NativePackage } from './binaries.js';
