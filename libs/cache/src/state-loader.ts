import { ABSENT, type Entry } from './entry.js';
import type { CacheFigures } from './figures.js';
import type { LoadEntries } from './ports.js';

/** Statements under way at once; further keys gather meanwhile and go in the next one. */
const LANES = 4;
const KEYS_AT_ONCE = 500;

interface Wish {
  readonly sinceMs: number;
  readonly promise: Promise<Entry>;
  readonly resolve: (entry: Entry) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * L3: reads PostgreSQL for many at once. All who wish for a key before its statement is sent share one read of it, and
 * what they get was read after they asked.
 */
export class StateLoader {
  private wishes = new Map<string, Wish>();
  private lanes = LANES;
  private scheduled = false;

  constructor(private readonly load: LoadEntries, private readonly figures: CacheFigures) {}

  /** How long the first of the keys that wait for a statement to be sent has waited; 0 if none does. In ms. */
  get waitedMs(): number {
    const [first] = this.wishes.values();
    return first ? performance.now() - first.sinceMs : 0;
  }

  /** The entry of a key, read from now on. */
  read(key: string): Promise<Entry> {
    let wish = this.wishes.get(key);
    if (!wish) {
      wish = newWish();
      this.wishes.set(key, wish);
      this.schedule();
    }
    return wish.promise;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      while (this.lanes > 0 && this.wishes.size > 0) void this.send(this.take());
    });
  }

  private take(): Map<string, Wish> {
    if (this.wishes.size <= KEYS_AT_ONCE) {
      const all = this.wishes;
      this.wishes = new Map();
      return all;
    }
    const some = new Map([...this.wishes].slice(0, KEYS_AT_ONCE));
    for (const key of some.keys()) this.wishes.delete(key);
    return some;
  }

  private async send(wishes: ReadonlyMap<string, Wish>): Promise<void> {
    this.lanes -= 1;
    this.figures.loads += 1;
    this.figures.loadedKeys += wishes.size;
    try {
      const found = await this.load([...wishes.keys()]);
      for (const [key, wish] of wishes) wish.resolve(found.get(key) ?? ABSENT);
    } catch (error) {
      for (const wish of wishes.values()) wish.reject(error);
    }
    this.lanes += 1;
    if (this.wishes.size > 0) this.schedule();
  }
}

function newWish(): Wish {
  let resolve!: Wish['resolve'];
  let reject!: Wish['reject'];
  const promise = new Promise<Entry>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { sinceMs: performance.now(), promise, resolve, reject };
}
