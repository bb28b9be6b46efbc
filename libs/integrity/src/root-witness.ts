import { createPublicKey, type KeyObject } from 'node:crypto';
import { NO_ROOT, readRoot, rootDigest, type SeenRoot, type StoredRoot } from './root.js';
import { RootsFile } from './roots-file.js';
import { NotSignable } from './sign-roots.js';
import { logHeads } from './sql/log-pages.js';
import { rootAt, rootsAfter } from './sql/roots.js';
import type { Queryable } from './sql/raw.js';

/** That the database lacks a root that was there, or has another one: nobody but a superuser can do that, or a restore. */
export class RootsChanged extends Error {
  override readonly name = 'RootsChanged';
}

/**
 * Remembers outside the database which roots were there. Who rewrites the log must take its roots away; without a memory the service would
 * then sign the lie. A root names the one before it, so the newest is enough.
 */
export class RootWitness {
  private readonly newest = new Map<number, SeenRoot>();
  private readonly file: RootsFile | undefined;

  /** @param path of the file that holds the memory of earlier processes; absent: only what this one sees is remembered */
  constructor(path?: string) {
    this.file = path === undefined ? undefined : new RootsFile(path);
  }

  seen(partition: number): SeenRoot | undefined {
    return this.newest.get(partition);
  }

  /** @throws RootsChanged where the table has not what was seen */
  async compare(db: Queryable): Promise<void> {
    if (this.file) for await (const root of this.file.news()) this.newest.set(root.partition, { number: root.number, digest: rootDigest(root) });
    for (const [partition, { number, digest }] of this.newest) {
      const root = await rootAt(db, partition, number);
      if (root && rootDigest(root) === digest) continue;
      throw new RootsChanged(`root ${number} of partition ${partition} ${root ? 'is another one than it was' : 'is gone'}. Nothing is signed: somebody changed the `
        + 'database, or it was restored; then move the file of roots away and start again');
    }
  }

  /**
   * Takes up what others signed. Signatures and links are checked: what somebody merely wrote into the table is not remembered.
   * @throws NotSignable for a root that does not hold
   */
  async catchUp(db: Queryable, key: KeyObject): Promise<void> {
    const keys = [createPublicKey(key)];
    for (const { partition } of await logHeads(db)) {
      for await (const root of rootsAfter(db, partition, this.seen(partition)?.number ?? 0)) {
        const said = readRoot(root, keys);
        const before = this.seen(partition);
        const why = typeof said === 'string' ? said
          : said.previous !== (before?.digest ?? NO_ROOT) || root.number !== (before?.number ?? 0) + 1 ? 'it does not follow the root before it' : undefined;
        if (why !== undefined) throw new NotSignable(`root ${root.number} of partition ${partition} does not hold: ${why}`);
        await this.add(root);
      }
    }
  }

  async add(root: StoredRoot): Promise<void> {
    this.newest.set(root.partition, { number: root.number, digest: rootDigest(root) });
    await this.file?.add(root);
  }
}
