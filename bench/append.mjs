// Measures appends and the alternatives that docs/decisions/0004 weighs: npm run bench [-- --quick] [--json]
// Starts a PostgreSQL of its own in a temporary folder; touches nothing else. Every row is a durable append of one event of about
// 300 bytes to one of 10,000 aggregates by the production function (state, hash, fsync), rows measured in turn in every round.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuilt } from '../apps/state-service/build.mjs';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'boolean' } } });
const EVENTS = options.quick ? 6_000 : 20_000;
const ROUNDS = options.quick ? 3 : 5;

ensureBuilt();
const { EmbeddedPostgres } = await import('../dist/libs/embedded-postgres/src/index.js');
const { EventStore } = await import('../dist/libs/event-store/src/index.js');
const { migrate } = await import('../dist/migrations/migrate.js');

const silent = { groupCommitted: () => undefined, verdict: () => undefined };
const data = { name: 'x'.repeat(80), items: { sword: 1, shield: 2 }, note: 'y'.repeat(60) };
const refs = Array.from({ length: 10_000 }, () => ({ type: 'player', id: randomUUID() }));

const command = (ref) => ({
  aggregates: [ref],
  context: { actor: 'bench' },
  decide: ([state]) => [[{
    type: 'Counted', schemaVersion: 1, data,
    ops: [['inc', '/n', 'sum', 1, (state.data.n ?? 0) + 1], ['set', '/name', 'lww', data.name]],
  }]],
});

/** Runs `one(i)` for EVENTS numbers, `inFlight` at a time. */
async function drive(inFlight, one) {
  const took = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (next < EVENTS) {
      const i = next++;
      const sent = performance.now();
      await one(i);
      took.push(performance.now() - sent);
    }
  }));
  const seconds = (performance.now() - begun) / 1000;
  took.sort((a, b) => a - b);
  return { rate: EVENTS / seconds, p50: took[Math.floor(EVENTS * 0.5)], p99: took[Math.floor(EVENTS * 0.99)] };
}

async function withStore(url, more, use) {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  const store = new EventStore(pool, { origin: 'bench', databaseUrl: url, ...more }, silent);
  try {
    return await use(store);
  } finally {
    await store.close();
    await pool.end();
  }
}

const grouped = (inFlight, more = {}, pick = (i) => refs[i % refs.length]) => (url) =>
  withStore(url, more, (store) => drive(inFlight, (i) => store.execute(command(pick(i)))));

/** Collects what comes within some milliseconds before it sends, as a coalescer with a delay does. */
const lingering = (inFlight, ms) => (url) => withStore(url, {}, (store) => {
  let waiting;
  return drive(inFlight, async (i) => {
    waiting ??= new Promise((resolve) => setTimeout(() => { waiting = undefined; resolve(); }, ms));
    await waiting;
    await store.execute(command(refs[i % refs.length]));
  });
});

/** What one would write by hand: a plain insert of the event in a transaction of its own; no state, no dense positions. */
const plain = (clients) => async (url) => {
  const pool = new pg.Pool({ connectionString: url, max: clients });
  await pool.query(`CREATE TABLE IF NOT EXISTS bench_plain (position bigserial PRIMARY KEY, type text, id uuid, version bigint,
    event_id uuid, event_type text, data json, at timestamptz DEFAULT now(), UNIQUE (type, id, version), UNIQUE (type, id, event_id))`);
  const text = JSON.stringify(data);
  const result = await drive(clients, () => pool.query({
    name: 'plain', text: 'INSERT INTO bench_plain (type, id, version, event_id, event_type, data) VALUES ($1, $2, $3, $4, $5, $6)',
    values: ['player', randomUUID(), 1, randomUUID(), 'Counted', text],
  }));
  await pool.end();
  return result;
};

/** One statement and transaction an event, over as many connections: the same function with a group of one. */
const single = (clients) => (url) => withStore(url, { lanes: clients, maxGroupEvents: 1 }, (store) =>
  drive(clients, (i) => store.execute(command(refs[i % refs.length]))));

const rows = {
  'plain insert, one transaction an event, 16 connections': plain(16),
  'plain insert, one transaction an event, 64 connections': plain(64),
  'our function, one transaction an event, 16 connections': single(16),
  'group append, 1 in flight': grouped(1),
  'group append, 16 in flight': grouped(16),
  'group append, 64 in flight': grouped(64),
  'group append, 256 in flight': grouped(256),
  'one hot aggregate, 64 in flight': grouped(64, {}, () => refs[0]),
  '256 in flight, 1 lane': grouped(256, { lanes: 1 }),
  '256 in flight, 4 lanes': grouped(256, { lanes: 4 }),
  '256 in flight, groups of 64': grouped(256, { maxGroupEvents: 64 }),
  '256 in flight, groups of 128': grouped(256, { maxGroupEvents: 128 }),
  '64 in flight, 1 ms delay': lingering(64, 1),
  '256 in flight, 1 ms delay': lingering(256, 1),
};

/** One line on a terminal, nothing elsewhere. */
function tell(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'gss-bench-'));
  const server = await EmbeddedPostgres.start({ dataDir: folder });
  await migrate(server.url);
  const results = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
  try {
    await grouped(64)(server.url); // warm-up
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const [name, measure] of Object.entries(rows)) {
        tell(`round ${round} of ${ROUNDS}: ${name}`);
        results[name].push(await measure(server.url));
      }
    }
    tell('');
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  report(results);
}

function report(results) {
  const base = Object.keys(rows)[0];
  const table = Object.entries(results).map(([name, runs]) => ({
    name,
    rate: Math.round(median(runs.map((run) => run.rate))),
    ratio: median(runs.map((run, i) => run.rate / results[base][i].rate)),
    p50: median(runs.map((run) => run.p50)),
    p99: median(runs.map((run) => run.p99)),
  }));
  const machine = `${cpus().length} x ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ machine, rounds: ROUNDS, events: EVENTS, table }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${machine}; medians of ${ROUNDS} rounds of ${EVENTS} events\n\n`);
  process.stdout.write('| row | events/s | ratio | p50 ms | p99 ms |\n|---|---|---|---|---|\n');
  for (const { name, rate, ratio, p50, p99 } of table) {
    process.stdout.write(`| ${name} | ${rate} | ${ratio.toFixed(2)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |\n`);
  }
}

await main();
