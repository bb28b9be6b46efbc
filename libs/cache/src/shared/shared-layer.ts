import { randomUUID } from 'node:crypto';
import type { Cache } from 'cache-manager';
import type { Entry } from '../entry.js';
import type { LayerFigures } from '../figures.js';
import type { ChangeSource, LogLook } from '../ports.js';
import { Membership } from './membership.js';
import type { RedisConnection } from './redis-connection.js';
import { FILL, INVALIDATE, LEASE, OFFER } from './scripts.js';

/** An answer lives this long in Redis, give or take a tenth, so that what was filled together does not end together. */
const TTL_MS = 10 * 60_000;
const JITTER = 0.1;
/** Longer than any load takes; who still holds it then is not waited for any more. */
const LEASE_MS = 3_000;
/** Waits for the answer of another process's load: 0.25 s in all. In ms. */
const WAITS = [2, 4, 8, 16, 32, 64, 128];
/** Changes that wait to be told to Redis; beyond this Redis has lost us, and we leave. */
const MOST_PENDING = 50_000;
/** States that wait to be put into Redis; beyond this it is only told that what it has is old. In bytes. */
const MOST_PENDING_BYTES = 16 * 2 ** 20;
const TOLD_AT_ONCE = 500;

/** What Redis knows of a key: its answer; or nothing, with or without the right to fill it in. */
export type Found = { readonly entry: Entry } | { readonly lease: string } | undefined;

interface Stored { readonly v: number; readonly p: number; readonly x: 0 | 1; readonly b: string }
interface Pending { readonly version: number; readonly entry: Entry | undefined }

/**
 * L2: answers that all instances share, in Redis. docs/decisions/0012 says why none is older than what this instance has
 * seen of the log:
 *
 * - It tells Redis every change that it sees, itself, and does not lean on the writer. Until Redis confirmed that, it does
 *   not ask Redis for those keys.
 * - Answers are written by the holder of a lease, which any change revokes, or by the committer over something older.
 * - It takes part only while that is unbroken (`Membership`); after any failure it leaves and joins anew.
 */
export class SharedLayer {
  private readonly pending = new Map<string, Pending>();
  private pendingBytes = 0;
  private readonly membership: Membership;
  private seen = -1;
  private epoch: string | undefined;
  private working = false;

  constructor(
    private readonly cache: Cache, private readonly redis: RedisConnection, source: ChangeSource,
    private readonly figures: LayerFigures,
  ) {
    this.membership = new Membership(redis, {
      position: () => this.seen,
      epoch: () => this.epoch,
      changesSince: async (after, upTo, limit) => (await source.between(after, upTo, limit))?.changes,
      tell: (namespace, changes) => this.tell(namespace, changes.map(({ key, version }) => [key, { version, entry: undefined }])),
    });
    redis.onLost(() => this.leave());
  }

  /** Changes that Redis has not been told yet. */
  get waiting(): number {
    return this.pending.size;
  }

  /** Of the states that Redis is to be given with them. */
  get waitingBytes(): number {
    return this.pendingBytes;
  }

  /** Whether Redis is asked at all now. */
  get isIn(): boolean {
    return this.membership.namespace !== undefined;
  }

  /** Asks Redis. Waits a moment where another process is loading the same. Never throws. */
  async find(key: string): Promise<Found> {
    const namespace = this.usable(key);
    if (namespace === undefined) return undefined;
    const place = placeOf(namespace, key);
    for (let tries = 0; ; tries += 1) {
      const stored = await this.cache.get<Partial<Stored>>(place);
      if (this.usable(key) !== namespace) return undefined;
      if (stored?.v !== undefined) return { entry: toEntry(stored as Stored) };
      const lease = await this.lease(place);
      if (lease !== undefined || tries >= WAITS.length || !this.redis.isUp) return lease === undefined ? undefined : { lease };
      await new Promise((resolve) => setTimeout(resolve, WAITS[tries]));
    }
  }

  private async lease(place: string): Promise<string | undefined> {
    const token = randomUUID();
    try {
      return await this.redis.evaluate(LEASE, place, token, LEASE_MS) === 1 ? token : undefined;
    } catch {
      return undefined; // the breaker has counted it; the reader goes to PostgreSQL
    }
  }

  /** Fills in what was loaded under a lease; refused if anything changed meanwhile. */
  fill(key: string, lease: string, entry: Entry): void {
    const namespace = this.usable(key);
    if (namespace === undefined) return;
    this.redis.evaluate(FILL, placeOf(namespace, key), lease, entry.version, toText(entry), ttl()).then(
      (filled) => { if (filled === 1) this.figures.fills += 1; },
      () => undefined, // the breaker has counted it; the key stays empty
    );
  }

  /** A state that this instance committed. */
  offer(key: string, entry: Entry): void {
    if (!this.isIn) return;
    this.note(key, { version: entry.version, entry: this.pendingBytes < MOST_PENDING_BYTES ? entry : undefined });
  }

  /** A look at the log. */
  follow(look: LogLook): void {
    // Instances that have seen a change of the states beside events, and those that have not, do not share a namespace.
    const epoch = `${look.epoch}.${look.revision}`;
    if (look.restarted || (this.epoch !== undefined && this.epoch !== epoch)) this.leave();
    this.epoch = epoch;
    this.seen = look.upTo;
    if (this.isIn || this.membership.isJoining) for (const { key, version } of look.changes) this.note(key, { version, entry: undefined });
    this.work();
  }

  /** Removes a key from Redis. */
  forget(key: string): void {
    const { namespace } = this.membership;
    if (namespace !== undefined) this.redis.forget(placeOf(namespace, key)).catch(() => this.leave());
  }

  private usable(key: string): string | undefined {
    return this.pending.has(key) ? undefined : this.membership.namespace;
  }

  private note(key: string, change: Pending): void {
    const known = this.pending.get(key);
    if (known && (known.version > change.version || (known.version === change.version && known.entry))) return;
    if (this.pending.size >= MOST_PENDING) this.leave();
    else {
      this.pendingBytes += bytesOf(change) - bytesOf(known);
      this.pending.set(key, change);
    }
    this.work();
  }

  private leave(): void {
    this.pending.clear();
    this.pendingBytes = 0;
    this.membership.leave();
  }

  private work(): void {
    if (this.working || this.seen < 0) return;
    this.working = true;
    setImmediate(() => {
      this.step().catch(() => this.leave()).finally(() => {
        this.working = false;
        if (this.pending.size > 0 && this.isIn) this.work();
      });
    });
  }

  /** Tells Redis what waits, or joins. One step at a time: what is told is told in order. */
  private async step(): Promise<void> {
    if (!this.isIn && !(await this.membership.join())) return;
    const { namespace } = this.membership;
    if (namespace === undefined) return;
    const upTo = this.seen;
    const all = this.pending.size <= TOLD_AT_ONCE;
    const batch = [...this.pending].slice(0, TOLD_AT_ONCE);
    await this.tell(namespace, batch);
    for (const [key, change] of batch) if (this.pending.get(key) === change) this.settled(key, change);
    if (all) await this.membership.advance(upTo);
  }

  private settled(key: string, change: Pending): void {
    this.pending.delete(key);
    this.pendingBytes -= bytesOf(change);
  }

  private async tell(namespace: string, changes: readonly (readonly [string, Pending])[]): Promise<void> {
    const told = await Promise.all(changes.map(([key, { version, entry }]) => entry
      ? this.redis.evaluate(OFFER, placeOf(namespace, key), version, toText(entry), ttl())
      : this.redis.evaluate(INVALIDATE, placeOf(namespace, key), version, ttl())));
    changes.forEach(([, { entry }], i) => {
      if (told[i] === 1) this.figures[entry ? 'fills' : 'invalidations'] += 1;
    });
  }
}

function bytesOf(change: Pending | undefined): number {
  return change?.entry?.bytes ?? 0;
}

function placeOf(namespace: string, key: string): string {
  return `gss:${namespace}:${key}`;
}

function ttl(): number {
  return Math.round(TTL_MS * (1 - JITTER + 2 * JITTER * Math.random()));
}

/** As Keyv writes it. The version stands first: the scripts look for it there. */
function toText({ version, position, live, body }: Entry): string {
  return JSON.stringify({ value: { v: version, p: position, x: live ? 1 : 0, b: body } satisfies Stored });
}

function toEntry({ v, p, x, b }: Stored): Entry {
  return { version: v, position: p, live: x === 1, etag: `"v${v}"`, body: b, bytes: Buffer.byteLength(b) };
}
