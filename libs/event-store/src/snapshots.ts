import { type AggregateRef, refKey } from '@app/kernel';
import type { Pool } from 'pg';
import { findSnapshot, saveSnapshots, type SnapshotStart, type StoredSnapshot } from './sql/snapshots.js';

/** How many versions lie between two snapshots, of every type or by type. */
export type SnapshotInterval = number | ((type: string) => number);

const FLUSH_MS = 250;
const MOST_WAITING = 1_000;
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * Keeps a fold every so many versions of an aggregate, so that an old version is near one. Written after the commit, by whoever
 * made the version, or by a reader who passed it: one that is missing costs time and is made by the next reader.
 */
export class Snapshots {
  /** What became of them, in plain numbers for whoever reads them. */
  readonly figures = { saved: 0, used: 0, ignored: 0, failed: 0 };
  private waiting = new Map<string, StoredSnapshot>();
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private saving: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool, private readonly interval: SnapshotInterval, private readonly log: (line: string) => void,
  ) {}

  /** Whether a snapshot is due when an aggregate goes from one version to another. */
  isDue(type: string, from: number, to: number): boolean {
    const every = this.every(type);
    return Math.floor(to / every) > Math.floor(from / every);
  }

  every(type: string): number {
    return typeof this.interval === 'number' ? this.interval : this.interval(type);
  }

  /** Keeps one, soon; none of those for which there is no room while the database is slow. */
  keep(snapshot: StoredSnapshot): void {
    if (this.waiting.size >= MOST_WAITING || this.waitingBytes >= MOST_WAITING_BYTES) return;
    this.waiting.set(`${refKey(snapshot.ref)} ${snapshot.version}`, snapshot);
    this.waitingBytes += snapshot.data.length + snapshot.clocks.length;
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** The nearest one at a version or below. */
  async find(ref: AggregateRef, version: number): Promise<SnapshotStart | undefined> {
    if (version < this.every(ref.type)) return undefined;
    const found = await findSnapshot(this.pool, ref, version, (count) => { this.figures.ignored += count; });
    if (found) this.figures.used += 1;
    return found;
  }

  /** Writes what waits, until nothing does. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.saving ??= this.saveAll().finally(() => { this.saving = undefined; });
  }

  private async saveAll(): Promise<void> {
    while (this.waiting.size > 0) {
      const snapshots = [...this.waiting.values()];
      this.waiting = new Map();
      this.waitingBytes = 0;
      await this.save(snapshots);
    }
  }

  private async save(snapshots: readonly StoredSnapshot[]): Promise<void> {
    try {
      await saveSnapshots(this.pool, snapshots);
      this.figures.saved += snapshots.length;
    } catch (error) {
      this.figures.failed += snapshots.length;
      this.log(`${snapshots.length} snapshots were not kept: ${String(error)}`);
    }
  }
}
