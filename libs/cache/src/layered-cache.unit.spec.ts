import type { Entry } from './entry.js';
import { CacheFigures } from './figures.js';
import { LayeredCache } from './layered-cache.js';
import { MemoryLayer } from './memory-layer.js';
import type { LogLook } from './ports.js';
import { Sampler } from './sampler.js';
import { StateLoader } from './state-loader.js';

const entry = (version: number, position = version, body = `{"v":${version}}`): Entry =>
  ({ version, position, live: true, etag: `"v${version}"`, body, bytes: Buffer.byteLength(body) });

/** A database of one table that answers when it is told to. */
class Table {
  readonly rows = new Map<string, Entry>();
  statements = 0;
  private readonly held: (() => void)[] = [];
  holding = false;

  readonly load = async (keys: readonly string[]): Promise<Map<string, Entry>> => {
    this.statements += 1;
    const found = new Map(keys.flatMap((key) => (this.rows.has(key) ? [[key, this.rows.get(key)!] as const] : [])));
    if (this.holding) await new Promise<void>((resolve) => this.held.push(resolve));
    return found;
  };

  /** Lets go what was read before. */
  release(): void {
    this.holding = false;
    for (const go of this.held.splice(0)) go();
  }

  async reached(statements: number): Promise<void> {
    while (this.statements < statements) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the layered cache', () => {
  let table: Table;
  let figures: CacheFigures;
  let cache: LayeredCache;

  const look = (upTo: number, changes: [string, number][] = [], more: Partial<LogLook> = {}): void => cache.apply({
    epoch: 'e', revision: 0, upTo, changes: changes.map(([key, version]) => ({ key, version })), askedAtMs: performance.now() + 60_000,
    caughtUp: true, restarted: false, ...more,
  });

  beforeEach(() => {
    table = new Table();
    figures = new CacheFigures();
    cache = new LayeredCache(new MemoryLayer(1_000_000, figures.l1), undefined, new StateLoader(table.load, figures), figures);
    look(0, [], { restarted: true });
  });

  it('reads a key once for a thousand who miss it, and not at all afterwards', async () => {
    table.rows.set('k', entry(3));
    const answers = await Promise.all(Array.from({ length: 1000 }, () => cache.read('k')));
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([3]));
    expect(table.statements).toBe(1);
    expect(await cache.read('k')).toBe(answers[0]);
    expect(table.statements).toBe(1);
    expect(figures.l1).toMatchObject({ misses: 1000, hits: 1, fills: 1 });
  });

  it('keeps and refreshes what is read with a position, as what is read without one', async () => {
    const small = new LayeredCache(new MemoryLayer(5 * 400, figures.l1), undefined, new StateLoader(table.load, figures), figures);
    cache = small;
    look(1, [], { restarted: true });
    for (const key of ['hot', 'a', 'b', 'c', 'd', 'e', 'f']) {
      table.rows.set(key, entry(1));
      await small.read('hot', { minPosition: 1 });
      await small.read(key);
    }
    expect(small.l1.peek('hot')).toBeDefined(); // read between any two others
    table.rows.set('hot', entry(2));
    look(2, [['hot', 2]]);
    while (small.l1.peek('hot')?.version !== 2) await new Promise((resolve) => setImmediate(resolve));
  });

  it('does not answer what is known to be old to who names a position, whichever', async () => {
    table.rows.set('k', entry(1));
    await cache.read('k');
    await cache.read('k');
    table.holding = true;
    table.rows.set('k', entry(2));
    look(2, [['k', 2]]);
    expect(cache.peekHot('k')?.version).toBe(1);
    const named = cache.read('k', { minPosition: 1 });
    table.release();
    expect((await named).version).toBe(2);
  });

  it('drops what a look says is old if nobody reads it', async () => {
    table.rows.set('idle', entry(1));
    await cache.read('idle');
    table.rows.set('idle', entry(2));
    look(2, [['idle', 2]]);
    expect(cache.peekHot('idle')).toBeUndefined();
    expect(table.statements).toBe(1);
  });

  describe('that has been read', () => {
    beforeEach(async () => {
      table.rows.set('k', entry(1));
      await cache.read('k');
      await cache.read('k');
      table.holding = true;
    });

    const refreshed = async (version: number): Promise<void> => {
      await table.reached(2);
      table.release();
      while (cache.l1.peek('k')?.version !== version) await new Promise((resolve) => setImmediate(resolve));
    };

    it('fetches again what a look says is old, and answers the old until then', async () => {
      table.rows.set('k', entry(2));
      look(2, [['k', 2]]);
      expect(cache.peekHot('k')?.version).toBe(1);
      expect((await cache.read('k')).version).toBe(1);
      await refreshed(2);
      expect(cache.peekHot('k')?.version).toBe(2);
      expect(figures.l1).toMatchObject({ misses: 1, invalidations: 1 });
    });

    it('answers the old no longer than without the look: 150 ms after the look before it', async () => {
      look(1, [], { askedAtMs: performance.now() - 151 });
      table.rows.set('k', entry(2));
      look(2, [['k', 2]]);
      expect(cache.isSighted).toBe(true);
      expect(cache.peekHot('k')).toBeUndefined();
      table.rows.set('k', entry(3));
      look(3, [['k', 3]]); // nor does a newer change make it newer
      expect(cache.peekHot('k')).toBeUndefined();
      const reading = cache.read('k');
      table.release();
      expect((await reading).version).toBe(3);
    });

    it('does not answer the old to who names the position of the new, nor once somebody was told the new', async () => {
      table.rows.set('k', entry(2));
      look(2, [['k', 2]]);
      const named = cache.read('k', { minPosition: 2 });
      table.release();
      expect((await named).version).toBe(2);
      table.holding = true;
      table.rows.set('k', entry(3));
      look(3, [['k', 3]]);
      expect(cache.peekHot('k')?.version).toBe(2);
      cache.committed('k', entry(3)); // written here, and the look was sooner than the answer of the commit
      expect(cache.peekHot('k')).toBeUndefined();
    });

    it('does not answer the old once a strong read gave out the new, nor keeps what that read too early', async () => {
      table.rows.set('k', entry(2));
      const strong = cache.read('k', { strong: true });
      await table.reached(2);
      table.rows.set('k', entry(3));
      look(3, [['k', 3]]);
      expect(cache.peekHot('k')?.version).toBe(1);
      table.release();
      expect((await strong).version).toBe(2);
      expect(cache.peekHot('k')?.version).not.toBe(1);
      while (cache.l1.peek('k')?.version !== 3) await new Promise((resolve) => setImmediate(resolve));
    });

    it('fetches it again for three changes that nobody reads, then lets it go', async () => {
      table.release();
      for (const version of [2, 3, 4]) {
        table.rows.set('k', entry(version));
        look(version, [['k', version]]);
        await table.reached(version);
        while (cache.l1.peek('k')?.version !== version) await new Promise((resolve) => setImmediate(resolve));
      }
      look(5, [['k', 5]]);
      expect(cache.peekHot('k')).toBeUndefined();
      expect(cache.l1.entries).toBe(0);
    });
  });

  it('does not keep, nor give out, what was read before a change that it was told of meanwhile', async () => {
    table.rows.set('k', entry(1));
    table.holding = true;
    const reading = cache.read('k');
    await table.reached(1);
    table.rows.set('k', entry(2));
    look(2, [['k', 2]]);
    table.release();
    expect((await reading).version).toBe(2);
    expect(cache.peekHot('k')?.version).toBe(2);
  });

  it('does not take back a state of its own that the looks have passed already', () => {
    look(10, [['k', 5]]);
    cache.committed('k', entry(4, 9)); // the answer of the commit came late: version 5 was told of before
    expect(cache.peekHot('k')).toBeUndefined();
    cache.committed('k', entry(6, 11));
    expect(cache.peekHot('k')?.version).toBe(6);
  });

  it('asks the database while its last look is older than 150 ms', async () => {
    table.rows.set('k', entry(1));
    await cache.read('k');
    look(0, [], { askedAtMs: performance.now() - 151 });
    expect(cache.peekHot('k')).toBeUndefined();
    table.rows.set('k', entry(2));
    expect((await cache.read('k')).version).toBe(2);
    expect(figures.bypasses.blind).toBe(1);
  });

  it('counts what it could not answer for that as not hit', async () => {
    expect(figures.hitRate).toBeUndefined();
    table.rows.set('k', entry(1));
    await cache.read('k'); // a miss
    await cache.read('k');
    await cache.read('k', { strong: true }); // asks for no cache
    expect(figures.hitRate).toBe(0.5);
    look(0, [], { askedAtMs: performance.now() - 151 });
    await cache.read('k');
    await cache.read('k');
    expect(figures.hitRate).toBe(0.25);
  });

  it('forgets everything when looks were missed, also what is still being read', async () => {
    table.rows.set('k', entry(1)).set('slow', entry(1));
    await cache.read('k');
    table.holding = true;
    const reading = cache.read('slow');
    await table.reached(2);
    look(50, [], { restarted: true });
    table.release();
    await reading;
    expect([cache.peekHot('k'), cache.peekHot('slow')]).toEqual([undefined, undefined]);
  });

  it('gives who names a position at least that', async () => {
    table.rows.set('k', entry(1));
    await cache.read('k');
    table.rows.set('k', entry(2, 7));
    expect((await cache.read('k', { minPosition: 7 })).version).toBe(2);
    expect(figures.bypasses.position).toBe(1);
    cache.committed('k', entry(3, 9));
    expect((await cache.read('k', { minPosition: 9 })).version).toBe(3); // it holds that position itself
    expect(figures.bypasses.position).toBe(1);
  });

  it('gives that also where the read that is under way is answered as it is, for changes overtake it again and again', async () => {
    for (let version = 1; version <= 4; version += 1) {
      table.rows.set('k', entry(version));
      table.holding = true;
      if (version === 1) void cache.read('k');
      await table.reached(version);
      look(version + 1, [['k', version + 1]]);
      if (version < 4) table.release();
    }
    const named = cache.read('k', { minPosition: 5 });
    table.rows.set('k', entry(5));
    table.release();
    expect((await named).version).toBe(5);
    expect(figures.bypasses.position).toBe(1);
  });

  it('reads the database for who demands it, and keeps nothing that a change has overtaken', async () => {
    table.rows.set('k', entry(1));
    await cache.read('k');
    table.rows.set('k', entry(2));
    table.holding = true;
    const reading = cache.read('k', { strong: true });
    await table.reached(2);
    look(3, [['k', 3]]);
    table.release();
    expect((await reading).version).toBe(2);
    expect(cache.peekHot('k')?.version).not.toBe(2);
  });

  it('holds no more bytes than it may', () => {
    const small = new MemoryLayer(10_000, figures.l1);
    for (let i = 0; i < 100; i += 1) small.put(`k${i}`, entry(1, i, 'ä'.repeat(500)));
    expect(small.bytes).toBeLessThanOrEqual(10_000);
    expect(figures.l1.evictions).toBe(100 - small.entries);
    expect(small.entries).toBeGreaterThan(5);
  });

  it('holds nothing where nothing fits', async () => {
    const tiny = new LayeredCache(new MemoryLayer(1, figures.l1), undefined, new StateLoader(table.load, figures), figures);
    cache = tiny;
    look(0, [], { restarted: true });
    table.rows.set('k', entry(1));
    expect([(await tiny.read('k')).version, (await tiny.read('k')).version, tiny.l1.entries]).toEqual([1, 1, 0]);
  });

  describe('sampled', () => {
    const said: string[] = [];
    let staleFor: number | undefined;
    let meanwhile = (): void => undefined;
    const compare = (key: string, answered: Entry): Promise<string> => new Sampler(
      { peek: (k) => cache.l1.peek(k), repair: (k) => cache.repair(k) },
      { load: table.load, log: (_level, line) => said.push(line), source: { staleFor: async () => staleFor } as never },
      figures.samples, async () => meanwhile(),
    ).compare(key, answered);

    it('tells right from late, and drops what is wrong', async () => {
      table.rows.set('k', entry(1));
      const answered = await cache.read('k');
      expect(await compare('k', answered)).toBe('right');
      table.rows.set('k', entry(2));
      staleFor = 90;
      expect(await compare('k', answered)).toBe('late');
      expect(figures.samples).toMatchObject({ checked: 2, stale: 1, wrong: 0 });
      expect(cache.peekHot('k')).toBe(answered);
      staleFor = 2001;
      expect(await compare('k', answered)).toBe('wrong');
      expect(cache.peekHot('k')).toBeUndefined();
      expect(said).toEqual([expect.stringContaining('the cache had k at version 1, the database at 2')]);
    });

    it('says how old the oldest one was since it was asked', async () => {
      table.rows.set('k', entry(1));
      const answered = await cache.read('k');
      for (const ageMs of [90, 30]) {
        table.rows.set('k', entry(2));
        staleFor = ageMs;
        await compare('k', answered);
        table.rows.set('k', entry(1));
        await compare('k', answered);
      }
      expect([figures.takeStalenessMs(), figures.takeStalenessMs()]).toEqual([90, 0]);
    });

    it('takes other bytes at the same version for wrong, unless they were those of another build, of which a look tells', async () => {
      table.rows.set('k', entry(1));
      const answered = await cache.read('k');
      table.rows.set('k', entry(1, 1, '{"v":"rebuilt"}'));
      meanwhile = () => look(1, [], { restarted: true });
      expect(await compare('k', answered)).toBe('late');
      const rebuilt = await cache.read('k');
      table.rows.set('k', entry(1, 1, '{"v":"tampered"}'));
      meanwhile = () => undefined;
      expect(await compare('k', rebuilt)).toBe('wrong');
    });

    it('knows that what never was is at version 0', async () => {
      expect(await compare('nobody', await cache.read('nobody'))).toBe('right');
    });
  });
});
