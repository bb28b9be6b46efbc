// Starts what is measured: PostgreSQL, Redis, the built service. Everything listens on 127.0.0.1 or on a Unix socket.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { endChild } from './closing.mjs';
import { NODE_OPTIONS } from './node-options.mjs';

const MAIN = fileURLToPath(new URL('../../dist/apps/state-service/src/main.js', import.meta.url));
const WATCH = new URL('service-watch.mjs', import.meta.url).href;
const START_LIMIT_MS = 60_000;
const NEVER_REACHED = '1000000000';

/** @typedef {{ url: string, host: string, port: number, user: string, name: string }} Database */

/** What a server keeps of its WAL to write over, as one does that has run for a while; 16 MB each. */
const WAL_SEGMENTS = 62;

/**
 * A PostgreSQL of our own in a temporary folder, with its usual settings (fsync on) but room for every peer's connections. A fresh one fills
 * each new segment of its WAL with zeros while its writers wait, 40 ms and more: these are made beforehand.
 */
export async function startPostgres(closing) {
  const { EmbeddedPostgres } = await import('../../dist/libs/embedded-postgres/src/index.js');
  const folder = await mkdtemp(join(tmpdir(), 'gss-bench-'));
  closing.add(() => rm(folder, { recursive: true, force: true }));
  const server = await EmbeddedPostgres.start({ dataDir: folder, settings: { max_connections: '300', min_wal_size: '1GB', max_wal_size: '2GB' } });
  closing.add(() => server.stop());
  const { host, port, user } = server.connection;
  const query = async (text) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  await query(`DO $$ BEGIN FOR i IN 1..${WAL_SEGMENTS} LOOP PERFORM pg_logical_emit_message(false, 'gss', ''), pg_switch_wal(); END LOOP; END $$`);
  await query('CHECKPOINT');
  return {
    version: (await query('SHOW server_version'))[0].server_version,
    /** A fresh database: what one row writes and announces is nothing to the others. @returns {Promise<Database>} */
    async database(prefix) {
      const name = `${prefix}_${randomBytes(4).toString('hex')}`;
      await query(`CREATE DATABASE ${name}`);
      return { url: `postgres://${user}@${encodeURIComponent(host)}:${port}/${name}?sslmode=disable`, host, port, user, name };
    },
  };
}

/** `redis-server` from the PATH on a free port, in memory only. @throws Error naming what is missing */
export async function startRedis(closing) {
  const port = await freePort();
  const child = spawn('redis-server', [
    '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no',
    '--maxmemory', '512mb', '--maxmemory-policy', 'allkeys-lru',
  ], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  closing.add(() => endChild(child, { patienceMs: 3_000 }));
  await firstLine(child, /Ready to accept connections/, 'redis-server');
  return { url: `redis://127.0.0.1:${port}`, port };
}

/**
 * An instance of the built service in production settings, with a rate limit that is counted and never reached.
 * @param {{ database: Database, secret: string, redis?: { url: string }, env?: Record<string, string> }} of
 * @returns its port, its pid, and `memory()`: bytes after a forced garbage collection, `cpu()`: its time so far
 */
export async function startService(closing, { database, secret, redis, env = {} }) {
  const child = spawn(process.execPath, [...NODE_OPTIONS, '--expose-gc', '--import', WATCH, MAIN], {
    env: {
      PATH: process.env.PATH, NODE_ENV: 'production', PORT: '0', DATABASE_URL: database.url, JWT_SECRET: secret,
      REDIS_URL: redis?.url ?? '', LOG_LEVEL: 'error', RATE_LIMIT_PER_MINUTE: NEVER_REACHED, ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'], detached: true,
  });
  const close = closing.add(() => endChild(child));
  const line = await firstLine(child, /listens on http:\/\/\S+:\d+/, 'the service');
  const ask = (what) => new Promise((resolve, reject) => {
    const gone = () => reject(new Error('the service ended'));
    child.once('exit', gone);
    child.once('message', (figures) => {
      child.off('exit', gone);
      resolve(figures);
    });
    child.send(what);
  });
  return { port: Number(/:(\d+)\s*$/.exec(line)[1]), pid: child.pid, memory: () => ask('memory'), cpu: () => ask('cpu'), close };
}

/** Resolves with the first line of the child that matches; rejects when it ends before, or is not there. */
function firstLine(child, pattern, name) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${name} did not start within ${START_LIMIT_MS / 1000} s`)), START_LIMIT_MS);
    const failed = (error) => {
      clearTimeout(late);
      reject(error);
    };
    child.once('error', (error) => failed(new Error(error.code === 'ENOENT' ? `there is no ${name} on the PATH` : error.message)));
    child.once('exit', (code, signal) => failed(new Error(`${name} ended at its start (${signal ?? code})`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!pattern.test(line)) return;
      clearTimeout(late);
      resolve(line);
    });
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
