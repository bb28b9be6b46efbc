import { existsSync } from 'node:fs';
import { openDataFolder } from './data-folder.js';
import { EmbeddedPostgres, type EmbeddedPostgresOptions, urlOf } from './embedded-postgres.js';
import { DataFolderInUse, EmbeddedPostgresError } from './failure.js';

/** A server that is there for as long as it is needed. */
export interface Attached {
  readonly url: string;
  /** Ends the server if it was started for this, and leaves one that a service runs as it is. */
  detach(): Promise<void>;
}

/**
 * The embedded PostgreSQL of a data folder: the one that a service runs there now, else one that is started.
 * @throws EmbeddedPostgresError where there is no data: a tool that only looks makes none
 */
export async function attachToEmbedded(options: EmbeddedPostgresOptions): Promise<Attached> {
  if (!existsSync(options.dataDir) || !existsSync(openDataFolder(options.dataDir).cluster)) {
    throw new EmbeddedPostgresError(`There is no database in ${options.dataDir}: run npm start once, or set DATABASE_URL or DATA_DIR`);
  }
  try {
    const own = await EmbeddedPostgres.start(options);
    return { url: own.url, detach: () => own.stop() };
  } catch (error) {
    if (!(error instanceof DataFolderInUse)) throw error;
    return { url: urlOf(openDataFolder(options.dataDir)), detach: async () => undefined };
  }
}
