// Measures our append beside pgbench on one server, in turn: node bench/append-pgbench.mjs [--rounds 3] [--seconds 5]
// pgbench calls one SQL function, which appends one event with an expected version in a transaction of its own: a row of streams,
// upserted with the check, and a row of events with the same payload under the usual unique index. Both get the 2 cores in full,
// load generator included.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuilt } from '../apps/state-service/build.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '5' }, lanes: { type: 'string' },
    group: { type: 'string' }, only: { type: 'string', default: '' }, set: { type: 'string', multiple: true, default: [] },
  },
});
const SECONDS = Number(options.seconds);
const tuned = {
  ...(options.lanes && { lanes: Number(options.lanes) }), ...(options.group && { maxGroupEvents: Number(options.group) }),
};

ensureBuilt();
const { EmbeddedPostgres } = await import('../dist/libs/embedded-postgres/src/index.js');
const { EventStore } = await import('../dist/libs/event-store/src/index.js');
const { migrate } = await import('../dist/migrations/migrate.js');

const STREAMS = 10_000;
const data = { name: 'x'.repeat(80), items: { sword: 1, shield: 2 }, note: 'y'.repeat(60) };
const refs = Array.from({ length: STREAMS }, () => ({ type: 'player', id: randomUUID() }));

// The stored event of ours: data and ops.
const payload = { data, ops: [['inc', '/n', 'sum', 1, 1], ['set', '/name', 'lww', data.name]] };

const PGBENCH_SCHEMA = `
  CREATE TABLE bench_streams (stream uuid PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 70);
  CREATE TABLE bench_events (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream uuid NOT NULL,
    version bigint NOT NULL, event_type text NOT NULL, data json NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (stream, version));
  CREATE FUNCTION bench_append(p_stream uuid, p_expected bigint, p_type text, p_data json) RETURNS bigint
  LANGUAGE plpgsql AS $$
  DECLARE v bigint;
  BEGIN
    p_expected := coalesce(p_expected, (SELECT version FROM bench_streams WHERE stream = p_stream), 0);
    INSERT INTO bench_streams AS s (stream, version) VALUES (p_stream, 1)
      ON CONFLICT (stream) DO UPDATE SET version = s.version + 1 WHERE s.version = p_expected RETURNING version INTO v;
    IF v IS DISTINCT FROM p_expected + 1 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END IF;
    INSERT INTO bench_events (stream, version, event_type, data) VALUES (p_stream, v, p_type, p_data);
    RETURN v;
  END $$`;

const SCRIPT = `\\set n random(1, ${STREAMS})
SELECT bench_append(lpad(to_hex(:n::int), 32, '0')::uuid, NULL, 'Counted', :payload);
`;

function pgbenchPath() {
  const found = ['/usr/bin/pgbench', ...(existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [])
    .map((version) => `/usr/lib/postgresql/${version}/bin/pgbench`)].find((path) => existsSync(path));
  if (!found) throw new Error('pgbench is missing: install PostgreSQL\'s client programs');
  return found;
}

function pgbench(server, script, clients) {
  const { host, port, user, database } = server.connection;
  const out = execFileSync(pgbenchPath(), [
    '-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(SECONDS), '--max-tries=10', '-f', script,
    '-D', `payload=${JSON.stringify(payload)}`,
    '-h', host, '-p', String(port), '-U', user, database,
  ], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return { rate: Number(/^tps = ([\d.]+)/m.exec(out)[1]) };
}

async function drive(store, inFlight, pick) {
  const took = [];
  let i = 0;
  const begun = performance.now();
  const end = begun + SECONDS * 1000;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) {
      const sent = performance.now();
      await store.execute(command(pick(i++)));
      took.push(performance.now() - sent);
    }
  }));
  const seconds = (performance.now() - begun) / 1000;
  took.sort((a, b) => a - b);
  return { rate: took.length / seconds, p50: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)] };
}

const command = (ref) => ({
  aggregates: [ref],
  context: { actor: 'bench' },
  decide: ([state]) => [[{
    type: 'Counted', schemaVersion: 1, data,
    ops: [['inc', '/n', 'sum', 1, (state.data.n ?? 0) + 1], ['set', '/name', 'lww', data.name]],
  }]],
});

async function ours(server, inFlight, pick) {
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  const silent = { groupCommitted: () => undefined, verdict: () => undefined };
  const store = new EventStore(pool, { origin: 'bench', databaseUrl: server.url, ...tuned }, silent);
  try {
    return await drive(store, inFlight, pick);
  } finally {
    await store.close();
    await pool.end();
  }
}

const anywhere = () => refs[Math.floor(Math.random() * STREAMS)];
const rows = {
  'pgbench, 16 clients': (server, script) => pgbench(server, script, 16),
  'pgbench, 64 clients': (server, script) => pgbench(server, script, 64),
  'ours, 256 in flight': (server) => ours(server, 256, anywhere),
  'ours, 64 in flight': (server) => ours(server, 64, anywhere),
  'ours, one hot stream, 64 in flight': (server) => ours(server, 64, () => refs[0]),
  'ours, 1 in flight': (server) => ours(server, 1, anywhere),
};

/** CPU seconds of the server and all its backends, ended ones too (Linux; elsewhere 0). */
function serverCpu(pid) {
  if (process.platform !== 'linux') return 0;
  const ticks = (id) => readFileSync(`/proc/${id}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number);
  let sum = 0;
  for (const id of [pid, ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)]) {
    try {
      sum += ticks(id).slice(11, Number(id) === pid ? 15 : 13).reduce((a, b) => a + b, 0);
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    }
  }
  return sum / 100;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** The WAL a row wrote, in bytes and full page images, an event. */
async function wal(client) {
  const { rows: [row] } = await client.query('SELECT wal_bytes::float8 AS bytes, wal_fpi::float8 AS fpi FROM pg_stat_wal');
  return row;
}

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'gss-bench-'));
  const server = await EmbeddedPostgres.start({
    dataDir: folder, settings: Object.fromEntries(options.set.map((pair) => pair.split('='))),
  });
  const script = join(folder, 'append.pgbench');
  await writeFile(script, SCRIPT);
  const client = new pg.Client({ connectionString: server.url });
  const chosen = Object.entries(rows).filter(([name]) => options.only.split(',').some((part) => name.includes(part)));
  const results = Object.fromEntries(chosen.map(([name]) => [name, []]));
  try {
    await migrate(server.url);
    await client.connect();
    await client.query(PGBENCH_SCHEMA);
    await ours(server, 256, (i) => refs[i % STREAMS]);
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const [name, measure] of chosen) {
        const before = await wal(client);
        const cpu = { node: process.cpuUsage(), server: serverCpu(server.pid()) };
        const result = await measure(server, script);
        const own = process.cpuUsage(cpu.node);
        const events = result.rate * SECONDS;
        await client.query('SELECT pg_stat_force_next_flush()');
        const after = await wal(client);
        results[name].push({
          ...result, wal: (after.bytes - before.bytes) / events, fpi: (after.fpi - before.fpi) / events,
          node: (own.user + own.system) / events, server: (serverCpu(server.pid()) - cpu.server) * 1e6 / events,
        });
      }
    }
  } finally {
    await client.end();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  report(results);
}

function report(results) {
  const base = Object.values(results)[0];
  for (const [name, runs] of Object.entries(results)) {
    const of = (key) => median(runs.map((run) => run[key] ?? NaN)).toFixed(key === 'fpi' ? 3 : 1);
    const ratio = median(runs.map((run, i) => run.rate / base[i].rate)).toFixed(2);
    process.stdout.write(`${name.padEnd(38)} ${Math.round(median(runs.map((run) => run.rate)))}/s  x${ratio}  p50 ${of('p50')} p99 ${of('p99')} ` +
      `cpu us node ${of('node')} server ${of('server')} wal ${of('wal')} fpi ${of('fpi')}  [${runs.map((run) => Math.round(run.rate)).join(' ')}]\n`);
  }
}

await main();
