export { EmbeddedPostgres } from './embedded-postgres.js';
export type { ConnectionParts, EmbeddedPostgresOptions, Machine } from './embedded-postgres.js';
export { DataFolderInUse, EmbeddedPostgresError } from './failure.js';
export { findNativePackage } from './binaries.js';
export type { NativePackage } from './binaries.js';
