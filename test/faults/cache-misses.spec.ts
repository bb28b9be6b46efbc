import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, type PersistenceOfRedis } from '@app/testing';
import { Agent, request } from 'undici';
import { withDatabase } from './harness/database.js';
import { Fleet } from './harness/fleet.js';
import type { ServiceProcess } from './harness/service-process.js';

const AT_ONCE = 1000;
const ATTEMPTS = 100;
/** PostgreSQL takes so long to get a question, and its answer back: till then there is nothing to hit. In ms. */
const WAY_MS = 60;
/** So long an instance waits for another one's load. */
const LEASE_WAIT_MS = 250;

/** A sample is taken in the background. */
const TOLD_WITHIN_MS = 5_000;

const LOG_READS = ["ALTER SYSTEM SET log_statement = 'all'", 'SELECT pg_reload_conf()'];

let fleet: Fleet;
let agent: Agent;

beforeEach(() => {
  agent = new Agent({ connections: AT_ONCE, pipelining: 1 });
});

afterEach(async () => {
  await agent.destroy();
  await fleet?.end();
});

async function startFleet(redis?: PersistenceOfRedis): Promise<void> {
  fleet = await Fleet.start({ instances: 3, redis, allBehindProxy: true });
  await withDatabase(fleet.dataDir, async (client) => {
    for (const statement of LOG_READS) await client.query(statement);
  });
}

/** Asks until there is an answer: a thousand requests at once may well be refused as too many for the moment. */
async function answerOf(to: ServiceProcess, id: string, asked: { method?: 'PUT'; body?: string; headers?: Record<string, string> } = {}): Promise<string> {
  for (;;) {
    const { statusCode, body } = await request(`${to.url}/api/v1/state/player/${id}`, {
      ...asked, headers: { authorization: `Bearer ${to.token}`, ...asked.headers }, dispatcher: agent,
    });
    const text = await body.text();
    if (statusCode === 200) return text;
    if (statusCode !== 503) throw new Error(`${statusCode} ${text}`);
    await sleep(100);
  }
}

async function write(to: ServiceProcess, id: string, expectedVersion: number): Promise<void> {
  await answerOf(to, id, {
    method: 'PUT', body: JSON.stringify({ changes: { gold: expectedVersion }, expectedVersion }),
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
  });
}

/** How often PostgreSQL was asked for this aggregate, by its own log of statements. What writes or counts it has more parameters. */
function readsOf(id: string): number {
  const log = readFileSync(join(fleet.dataDir, 'postgres.log'), 'utf8');
  return log.split('\n').filter((line) => /Parameters: /i.test(line) && line.includes(id) && !line.includes('$3 = ')).length;
}

/** An aggregate that the first instance made and the others have heard of, but not read. All connections to them are open then. */
async function unread(): Promise<string> {
  const [writer, ...readers] = fleet.instances;
  const [id, marker] = [randomUUID(), randomUUID()];
  await write(writer!, marker, 0);
  await Promise.all(readers.flatMap((reader) => Array.from({ length: AT_ONCE }, () => answerOf(reader, marker))));
  await write(writer!, id, 0);
  await write(writer!, marker, 1);
  await Promise.all(readers.map((reader) => eventually(async () => expect(await answerOf(reader, marker)).toContain('"version":2'))));
  return id;
}

interface Attempt {
  /** Reads of PostgreSQL on behalf of the requests. */
  readonly reads: number;
  /** Requests for which there was nothing in memory. */
  readonly misses: number;
  /** The log of PostgreSQL has what the metrics say, and no more. */
  readonly isTold: boolean;
  /** An instance was held up so long that it did not lean on its caches, or that others waited for it no longer. */
  readonly heldUp: boolean;
}

const READS = ['cache_loaded_keys_total', 'cache_samples_total{found="checked"', 'cache_bypasses_total{why="blind"'] as const;

/** Many reads of one aggregate through some instances. */
async function readMissed(
  readers: readonly ServiceProcess[], around: { before: () => Promise<unknown>; meanwhile?: (misses: () => Promise<number>) => Promise<void>; after?: () => void },
): Promise<Attempt> {
  const id = await unread();
  const total = async (name: string): Promise<number> =>
    (await Promise.all(readers.map((of) => of.counted(name)))).reduce((sum, count) => sum + count);
  const misses = async (): Promise<number> => await total('cache_misses_total{layer="l1"') + await total('cache_bypasses_total');
  const [missesBefore, readsBefore, ...before] = [await misses(), readsOf(id), ...await Promise.all(READS.map(total))];
  await around.before();
  const begun = performance.now();
  const asked = Promise.all(readers.flatMap((to) => Array.from({ length: AT_ONCE / readers.length }, () => answerOf(to, id))));
  await around.meanwhile?.(async () => await misses() - missesBefore);
  expect(new Set(await asked).size).toBe(1);
  const tookMs = performance.now() - begun;
  around.after?.();
  // The metrics tell the truth; the samples among the reads are asked for by nobody. One of what was read before may end only now.
  let [loads, blind] = [0, 0];
  const isTold = await eventually(async () => {
    let samples: number;
    [loads, samples, blind] = (await Promise.all(READS.map(total))).map((count, i) => count - before[i]!) as [number, number, number];
    expect(loads + samples).toBe(readsOf(id) - readsBefore);
    return true;
  }, TOLD_WITHIN_MS).catch(() => false);
  return { reads: loads, misses: await misses() - missesBefore, isTold, heldUp: blind > 0 || (!around.meanwhile && tookMs > LEASE_WAIT_MS) };
}

/** On a machine that is busy with other things it takes some attempts until no instance is held up. */
async function until(reads: number, attempt: () => Promise<Attempt>): Promise<void> {
  const attempts: Attempt[] = [];
  const isDone = (each: Attempt): boolean => each.isTold && each.reads === reads && each.misses >= AT_ONCE;
  while (attempts.length < ATTEMPTS && !attempts.some(isDone)) attempts.push(await attempt());
  process.stdout.write(`reads of PostgreSQL for ${AT_ONCE} misses: ` +
    `${attempts.map((each) => `${each.reads}${each.heldUp ? ' (held up)' : ''}${each.isTold ? '' : ' (not as logged)'} for ${each.misses}`).join(', ')}\n`);
  expect(attempts.at(-1)).toMatchObject({ reads, isTold: true });
  expect(attempts.at(-1)!.misses).toBeGreaterThanOrEqual(AT_ONCE);
  for (const each of attempts) if (!each.heldUp) expect(each.reads).toBe(reads);
}

it('1,000 concurrent misses on one key are one read of PostgreSQL for an instance without Redis', async () => {
  await startFleet();
  const readers = [fleet.instances[1]!];
  await withDatabase(fleet.dataDir, (client) => until(1, () => readMissed(readers, {
    // The read waits for the lock, so that all are under way before there is an answer.
    before: () => client.query('BEGIN; LOCK TABLE global_state.aggregate_state_builds IN ACCESS EXCLUSIVE MODE'),
    meanwhile: async (misses) => {
      await eventually(async () => expect(await misses()).toBeGreaterThanOrEqual(AT_ONCE));
      await client.query('COMMIT');
    },
  })));
}, 900_000);

it('1,000 concurrent misses on one key are one read of PostgreSQL for all instances with Redis', async () => {
  await startFleet('none');
  await until(1, () => readMissed(fleet.instances.slice(1), {
    before: async () => fleet.proxy.begin({ kind: 'delay', ms: WAY_MS, only: ['gss'] }),
    after: () => fleet.proxy.heal(),
  }));
}, 900_000);
