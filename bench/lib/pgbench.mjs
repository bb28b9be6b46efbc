// pgbench against one fair SQL function: one event a transaction, with a version check.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { endChild } from './closing.mjs';
import { EVENT_DATA, EVENT_TYPE, STREAMS } from './events.mjs';

/**
 * A row a stream, moved on under its lock if it has the expected version, and a row an event, unique by stream and version. A script of
 * pgbench cannot remember what version each of 10,000 streams has: it expects NULL, which stands for the current one, so that the
 * check costs what it costs but no round trip.
 */
const SCHEMA = `
  CREATE TABLE streams (id int PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 50);
  CREATE TABLE events (position bigserial PRIMARY KEY, stream int NOT NULL, version bigint NOT NULL, type text NOT NULL,
    data json NOT NULL, at timestamptz NOT NULL DEFAULT now(), UNIQUE (stream, version));
  INSERT INTO streams SELECT n, 0 FROM generate_series(1, ${STREAMS}) AS n;
  CREATE FUNCTION append(p_stream int, p_expected bigint, p_type text, p_data json) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE appended bigint;
  BEGIN
    UPDATE streams SET version = version + 1 WHERE id = p_stream AND version = coalesce(p_expected, version)
      RETURNING version INTO appended;
    IF appended IS NULL THEN RAISE EXCEPTION 'version conflict'; END IF;
    INSERT INTO events (stream, version, type, data) VALUES (p_stream, appended, p_type, p_data);
    RETURN appended;
  END $$;
  ANALYZE streams`;

/** Its clock runs while its clients still connect, which a busy machine takes a second for. */
const LEAST_SECONDS = 2;

const SCRIPT = `\\set stream random(1, ${STREAMS})
SELECT append(:stream, NULL, '${EVENT_TYPE}', :data);
`;

/**
 * @param {string} program path of pgbench
 * @param {import('./servers.mjs').Database} database
 * @returns `append({ clients, seconds })`
 */
export async function preparePgbench(closing, program, database) {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(SCHEMA);
  await client.end();
  const folder = await mkdtemp(join(tmpdir(), 'gss-bench-'));
  closing.add(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, 'append.sql');
  await writeFile(script, SCRIPT);
  return {
    append: ({ clients, seconds }) => run(closing, program, [
      '--host', database.host, '--port', String(database.port), '--username', database.user, '--no-vacuum',
      '--client', String(clients), '--jobs', '2', '--time', String(Math.max(LEAST_SECONDS, Math.round(seconds))), '--protocol', 'prepared',
      '--file', script, '--define', `data=${JSON.stringify(EVENT_DATA)}`, database.name,
    ]),
  };
}

/** pgbench tells the mean latency only; quantiles would need its log. */
async function run(closing, program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const done = closing.add(() => endChild(child, { patienceMs: 2_000 }));
  let out = '';
  let errors = '';
  child.stdout.on('data', (text) => { out += text; });
  child.stderr.on('data', (text) => { errors += text; });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  await done();
  const rate = Number(/^tps = ([\d.]+)/m.exec(out)?.[1]);
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(out)?.[1] ?? 0);
  if (code !== 0 || failed > 0) throw new Error(`pgbench: ${errors.trim().split('\n').at(-1) || `exit code ${code}, ${failed} failed`}`);
  if (!(rate > 0)) throw new Error(`pgbench told no rate: ${out.trim().split('\n').at(-1)}`);
  return { rate };
}
