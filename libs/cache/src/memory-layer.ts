import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.js';
import type { LayerFigures } from './figures.js';

/** What an entry costs beside its text: the object, its tag, and the place in map and list. In bytes. */
const ENTRY_COST = 320;

/**
 * A key is fetched again so many times since somebody read it. Once is not enough: with nine reads to a write over two
 * instances every fifth change finds that nobody has read the one before.
 */
const REFRESHES = 3;

interface Held {
  readonly entry: Entry;
  /** How often it is still worth fetching again when it changes. */
  refreshes: number;
  /** Once a newer version is known: from then on it is no answer, on the monotonic clock. */
  until: number;
}

/** L1: least recently used entries, bounded in bytes. Never goes back: an older version does not replace a newer one. */
export class MemoryLayer {
  private readonly held: LRUCache<string, Held>;

  constructor(maxBytes: number, private readonly figures: LayerFigures) {
    this.held = new LRUCache<string, Held>({
      maxSize: maxBytes,
      sizeCalculation: ({ entry }, key) => bytesOf(entry, key),
      dispose: (_held, _key, reason) => {
        if (reason === 'evict') figures.evictions += 1;
      },
    });
  }

  get bytes(): number {
    return this.held.calculatedSize;
  }

  get entries(): number {
    return this.held.size;
  }

  /** What may be answered at that time: it is not known to be old, or has not been for long. */
  get(key: string, nowMs: number): Entry | undefined {
    const held = this.held.get(key);
    if (held === undefined || nowMs >= held.until) return undefined;
    held.refreshes = REFRESHES;
    return held.entry;
  }

  /** What is not known to be old. Does not count as a reader. */
  peek(key: string): Entry | undefined {
    const held = this.held.peek(key);
    return held?.until === Number.POSITIVE_INFINITY ? held.entry : undefined;
  }

  put(key: string, entry: Entry): void {
    const known = this.held.peek(key);
    if (known && known.entry.version >= entry.version) return;
    this.figures.fills += 1;
    this.held.set(key, { entry, refreshes: known?.refreshes ?? 0, until: Number.POSITIVE_INFINITY });
  }

  /**
   * An entry that is older than the version became old: it is answered until that time if anybody reads it, else dropped.
   * @returns whether it is worth fetching again
   */
  age(key: string, version: number, untilMs: number): boolean {
    const held = this.held.peek(key);
    if (!held || held.entry.version >= version) return false;
    if (held.until === Number.POSITIVE_INFINITY) {
      this.figures.invalidations += 1;
      held.refreshes -= 1;
    }
    if (held.refreshes < 0) {
      this.held.delete(key);
      return false;
    }
    held.until = Math.min(held.until, untilMs);
    return true;
  }

  /** Drops an entry, whatever its version. */
  drop(key: string): void {
    if (this.held.delete(key)) this.figures.invalidations += 1;
  }

  clear(): void {
    this.held.clear();
  }
}

/** V8 keeps text within Latin-1 in a byte a character, other text in two. */
function bytesOf({ body, bytes }: Entry, key: string): number {
  const isWide = bytes > body.length && BEYOND_LATIN.test(body);
  return ENTRY_COST + key.length + body.length * (isWide ? 2 : 1);
}

const BEYOND_LATIN = /[\u0100-\uffff]/;
