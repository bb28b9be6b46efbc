import type { Entry } from './entry.js';
import type { CacheFigures } from './figures.js';
import type { MemoryLayer } from './memory-layer.js';
import type { LogLook, ReadDemand } from './ports.js';
import type { Sampler } from './sampler.js';
import type { SharedLayer } from './shared/shared-layer.js';
import type { StateLoader } from './state-loader.js';

/** Knowledge of the log that is older than this is not leaned on: reads then go to PostgreSQL. In ms. */
export const BLIND_AFTER_MS = 150;
/** A load that was overtaken by changes this often is answered as it is, and not kept. */
const RELOADS = 3;

/** Until when an entry is answered that somebody has already seen the next one of. */
const NEVER = Number.NEGATIVE_INFINITY;

/** One hit in so many is compared with PostgreSQL; the sampler does not take all of those either. */
const SAMPLE_EVERY = 128;

/** A miss under way, shared by all who ask for the key meanwhile. */
interface Flight {
  readonly promise: Promise<Entry>;
  /** Versions below this are known to be old: what was read before that is not kept. */
  floor: number;
}

/**
 * Reads from memory (L1), then Redis (L2), then PostgreSQL (L3). One miss is one load.
 *
 * Why an answer is never older than `BLIND_AFTER_MS`: every change that a look at the log tells of raises the floor of the
 * loads under way, and what it made old in L1 is answered no longer than it would have been without that look, before the
 * look counts as seen; and while the last good look is older than that, nobody is answered from L1 or L2. After a look
 * that could not tell all, everything is dropped.
 */
export class LayeredCache {
  private readonly flights = new Map<string, Flight>();
  /** Counts the times at which everything was dropped: a load that began before is not kept. */
  private era = 0;
  private freshUntilMs = Number.NEGATIVE_INFINITY;
  private lookedAtMs = performance.now();
  private position = -1;
  private sampler: Sampler | undefined;

  constructor(
    readonly l1: MemoryLayer, private readonly l2: SharedLayer | undefined, private readonly l3: StateLoader,
    readonly figures: CacheFigures,
  ) {}

  /** The position up to which every change has been taken in; -1 before the first look. */
  get appliedPosition(): number {
    return this.position;
  }

  /** Whether answers are looked up in Redis, and put there. */
  get sharesAnswers(): boolean {
    return this.l2?.isIn ?? false;
  }

  /** Whether the knowledge of the log is fresh enough to answer from memory or Redis. */
  get isSighted(): boolean {
    return performance.now() < this.freshUntilMs;
  }

  /** How old the last look at the log is that told all; before the first one, how old this is. In ms. */
  get lookAgeMs(): number {
    return Math.max(0, performance.now() - this.lookedAtMs);
  }

  /** How long the first of the reads that wait for PostgreSQL has waited for its statement to be sent; 0 if none does. In ms. */
  get loadWaitMs(): number {
    return this.l3.waitedMs;
  }

  /** The answer from memory, if there is one that may be given now. Whoever gives it calls `countHit`. */
  peekHot(key: string): Entry | undefined {
    const now = performance.now();
    return now < this.freshUntilMs ? this.l1.get(key, now) : undefined;
  }

  /** The entry of a key: the current one, or at most 150 ms old unless more is demanded. */
  async read(key: string, demand: ReadDemand = {}): Promise<Entry> {
    const { strong = false, minPosition = 0 } = demand;
    if (strong) return this.fromDatabase(key, 'strong');
    if (!this.isSighted) return this.fromDatabase(key, 'blind');
    // What is known to be old is old to who names a position, however short a time.
    const entry = this.l1.get(key, minPosition > 0 ? Number.MAX_VALUE : performance.now());
    // An entry of that position or a later one holds all that came before in its aggregate.
    if (entry && (minPosition <= this.position || entry.position >= minPosition)) {
      this.countHit(key, entry);
      return entry;
    }
    if (minPosition > this.position) return this.fromDatabase(key, 'position');
    this.figures.l1.misses += 1;
    // Whoever names a position has no use for the answer of a load that began before it and was overtaken too often.
    const floor = minPosition > 0 ? this.flights.get(key)?.floor ?? 0 : 0;
    const loaded = await this.miss(key);
    return loaded.version < floor ? this.fromDatabase(key, 'position') : loaded;
  }

  /** Compares a share of the answers with PostgreSQL from now on. */
  sampleWith(sampler: Sampler): void {
    this.sampler = sampler;
  }

  /** An answer from memory was given. */
  countHit(key: string, entry: Entry): void {
    this.figures.l1.hits += 1;
    if (this.figures.l1.hits % SAMPLE_EVERY === 0) this.sampler?.see(key, entry);
  }

  /** An answer from Redis is about to be given, and to be put into memory. */
  private countSharedHit(key: string, entry: Entry): void {
    this.figures.l2.hits += 1;
    if (this.figures.l2.hits % SAMPLE_EVERY === 0) this.sampler?.see(key, entry);
  }

  /** A state that this instance committed: in memory at once, in Redis soon. */
  committed(key: string, entry: Entry): void {
    // Once the looks have passed it, they may have told of a newer one already, and will not again. Whoever wrote it here
    // is not answered from before it.
    if (entry.position > this.position) this.l1.put(key, entry);
    else this.l1.age(key, entry.version, NEVER);
    this.raiseFloor(key, entry.version);
    this.l2?.offer(key, entry);
  }

  /** Takes in what a look at the log told; from then on nothing older is answered. */
  apply(look: LogLook): void {
    if (look.restarted) this.forgetAll();
    this.position = look.upTo;
    const wanted: string[] = [];
    for (const { key, version } of look.changes) {
      // By the look before this one it was the newest. Until that wears off it is answered, so that nobody waits for the refresh.
      if (this.l1.age(key, version, this.freshUntilMs)) wanted.push(key);
      this.raiseFloor(key, version);
    }
    this.l2?.follow(look);
    if (look.caughtUp) {
      this.lookedAtMs = look.askedAtMs;
      this.freshUntilMs = look.askedAtMs + BLIND_AFTER_MS;
    }
    // What is read all the time is fetched at once, many in one statement, before somebody has to wait for it.
    for (const key of wanted) this.refresh(key);
  }

  /** Drops a key from memory and Redis, whatever its version. */
  repair(key: string): void {
    this.l1.drop(key);
    this.flights.delete(key);
    this.l2?.forget(key);
  }

  private forgetAll(): void {
    this.era += 1;
    this.freshUntilMs = Number.NEGATIVE_INFINITY;
    this.l1.clear();
    this.flights.clear();
  }

  private raiseFloor(key: string, version: number): void {
    const flight = this.flights.get(key);
    if (flight && flight.floor < version) flight.floor = version;
  }

  private async fromDatabase(key: string, why: keyof CacheFigures['bypasses']): Promise<Entry> {
    this.figures.bypasses[why] += 1;
    const { era } = this;
    const entry = await this.l3.read(key);
    // It is not kept unless it is newer than what is here: changes that came meanwhile had no flight to raise.
    if (why === 'strong' && era === this.era && this.l1.peek(key)) this.l1.put(key, entry);
    else this.l1.age(key, entry.version, NEVER); // who has seen this one is not answered from before it
    return entry;
  }

  private refresh(key: string): void {
    this.miss(key, true).catch(() => undefined); // nobody asked: whoever asks next meets the error
  }

  private miss(key: string, passL2 = false): Promise<Entry> {
    const known = this.flights.get(key);
    if (known) return known.promise;
    let settle!: (entry: Promise<Entry>) => void;
    const flight: Flight = { promise: new Promise<Entry>((resolve) => { settle = resolve; }), floor: 0 };
    this.flights.set(key, flight);
    settle(this.fly(key, flight, passL2));
    return flight.promise;
  }

  private async fly(key: string, flight: Flight, passL2: boolean): Promise<Entry> {
    const { era } = this;
    try {
      const { entry, lease } = await this.load(key, flight, passL2 ? undefined : this.l2);
      if (this.era === era && this.flights.get(key) === flight && entry.version >= flight.floor) {
        this.l1.put(key, entry);
        if (lease !== undefined) this.l2?.fill(key, lease, entry);
      }
      return entry;
    } finally {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    }
  }

  private async load(key: string, flight: Flight, l2: SharedLayer | undefined): Promise<{ entry: Entry; lease?: string }> {
    const found = await l2?.find(key);
    if (found && 'entry' in found && found.entry.version >= flight.floor && this.isSighted) {
      this.countSharedHit(key, found.entry);
      return found;
    }
    if (l2?.isIn) this.figures.l2.misses += 1;
    for (let tries = 0; ; tries += 1) {
      const entry = await this.l3.read(key);
      if (entry.version >= flight.floor || tries >= RELOADS) {
        return found && 'lease' in found ? { entry, lease: found.lease } : { entry };
      }
    }
  }
}
