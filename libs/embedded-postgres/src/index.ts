export { type Attached, attachToEmbedded } from './attach.js';
export { EmbeddedPostgres, thisMachine } from './embedded-postgres.js';
export type { EmbeddedPostgresOptions, Machine } from './embedded-postgres.js';
export { type FolderReport, inspectDataFolder } from './inspect.js';
export type { ConnectionParts } from './server.js';
export { DataFolderInUse, EmbeddedPostgresError } from './failure.js';
export type { NativePackage } from './binaries.js';
