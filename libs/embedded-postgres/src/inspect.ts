import { existsSync, statSync } from 'node:fs';
import { openDataFolder } from './data-folder.js';
import { urlOf } from './embedded-postgres.js';
import { FolderLock } from './folder-lock.js';

/** A data folder as somebody finds it who only looks. */
export interface FolderReport {
  /** Absolute. */
  readonly path: string;
  /** The uid that the database belongs to. */
  readonly owner: number;
  /** The process that holds it, as seen in its own container; undefined: none, so no server runs. */
  readonly holder: number | undefined;
  /** Connection string, of use while there is a holder. */
  readonly url: string;
}

/** What is to be said of a data folder; undefined where there is no database in it. Starts nothing. */
export async function inspectDataFolder(dataDir: string): Promise<FolderReport | undefined> {
  if (!existsSync(dataDir)) return undefined;
  const folder = openDataFolder(dataDir);
  if (!existsSync(folder.cluster)) return undefined;
  return { path: folder.path, owner: statSync(folder.cluster).uid, holder: await FolderLock.holder(folder), url: urlOf(folder) };
}
