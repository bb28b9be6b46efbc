import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { transformFileSync } from '@swc/core';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { codeOf } from './failure.js';
import { DataFolderInUse, EmbeddedPostgres, type EmbeddedPostgresOptions } from './index.js';

/** What the owning process below says about its start. */
interface Owner {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly firstStart: boolean;
  readonly error?: string;
  readonly message?: string;
}

const OWNER = `
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { EmbeddedPostgres } from './index.js';
const [dataDir, then] = process.argv.slice(2);
if (then === 'never come to data') {
  const { rename } = files;
  files.rename = (from, to) => to.endsWith('/data') ? new Promise(() => undefined) : rename(from, to);
  syncBuiltinESMExports();
}
try {
  const postgres = await EmbeddedPostgres.start({ dataDir });
  process.send({ pid: postgres.pid(), firstStart: postgres.firstStart });
} catch (error) {
  process.send({ error: error.name, message: error.message });
}
if (then === 'leave') process.disconnect();
else setInterval(() => undefined, 60_000);
`;

let scratch = '';
let shared = '';
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
  compileInto(join(scratch, 'compiled'));
  shared = join(scratch, 'shared');
  const first = await start(shared);
  expect(first.firstStart).toBe(true);
  await query(first, 'create table kept (n int)');
  await first.stop();
});

afterEach(async () => {
  await Promise.all(children.splice(0).map(killed));
  await Promise.all(running.splice(0).map((it) => it.stop()));
  if (existsSync(join(shared, 'postgres', 'data', 'postmaster.pid'))) {
    await (await EmbeddedPostgres.start({ dataDir: shared })).stop();
  }
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a start', () => {
  it('finds the data again, in a short time, and says that it is not the first', async () => {
    const before = await start(shared);
    await query(before, 'insert into kept values (1)');
    await before.stop();
    expect(before.pid()).toBeUndefined();

    const begun = Date.now();
    const after = await start(shared);
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(after.firstStart).toBe(false);
    expect(await query(after, 'select n from kept where n = 1')).toEqual([{ n: 1 }]);
  });

  it('gives a url that pg and TypeORM both understand', async () => {
    const postgres = await start(shared);
    expect(new URL(postgres.url).pathname).toBe('/postgres');
    const source = await new DataSource({ type: 'postgres', url: postgres.url }).initialize();
    expect(await source.query('select current_user::text as name')).toEqual([{ name: 'postgres' }]);
    await source.destroy();
  });

  it('runs durable, on a socket only, in UTF-8 and UTC, and leaves commit durability to ALTER SYSTEM', async () => {
    const postgres = await start(shared);
    const expected = [
      'TimeZone=UTC', 'fsync=on', 'full_page_writes=on', 'listen_addresses=', 'max_connections=100',
      'server_encoding=UTF8', 'synchronous_commit=on',
    ];
    const settings = await query(postgres, `select name || '=' || setting as pair from pg_settings
      where name in (${expected.map((pair) => `'${pair.split('=')[0]}'`).join()}) order by name`);
    expect(settings.map(({ pair }) => pair)).toEqual(expected);
    expect(statSync(postgres.connection.host).mode & 0o777).toBe(0o700);
    await query(postgres, 'alter system set synchronous_commit = off');
    await query(postgres, 'select pg_reload_conf()');
    await eventually(async () =>
      expect(await query(postgres, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'off' }]));
    await query(postgres, 'alter system reset all');
  });

  it('works in a folder whose path is too long for a socket, and refuses a bent short name', async () => {
    const long = join(scratch, 'long'.repeat(20), 'er'.repeat(40));
    mkdirSync(dirname(long));
    renameSync(shared, long);
    const postgres = await start(long);
    expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }]);
    const link = dirname(dirname(postgres.connection.host));
    expect(link.length).toBeLessThan(80);
    await expect(start(long)).rejects.toThrow(DataFolderInUse);
    await postgres.stop();

    rmSync(link);
    symlinkSync('/tmp', link);
    await expect(start(long)).rejects.toThrow(/is not the link to the data folder/);
    rmSync(link);
    renameSync(long, shared);
  });

  it('makes the data again after an initdb that was cut short', async () => {
    const dataDir = join(scratch, 'cut');
    // However late the kill comes: the move to its place is the end of it, and does not come.
    const owner = fork(join(scratch, 'compiled', 'owner.js'), [dataDir, 'never come to data']);
    children.push(owner);
    await eventually(() => expect(readdirSync(unfinished(dataDir)[0] ?? '')).toContain('PG_VERSION'));
    await killed(owner);
    expect(existsSync(join(dataDir, 'postgres', 'data'))).toBe(false);

    const postgres = await start(dataDir);
    expect(postgres.firstStart).toBe(true);
    expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(unfinished(dataDir)).toEqual([]);
  });

  it('says in one line what is wrong with a folder that it cannot use', async () => {
    const dataDir = join(scratch, 'wrong');
    const data = join(dataDir, 'postgres', 'data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'notes.txt'), 'mine');
    await expect(start(dataDir)).rejects.toThrow(/^\S+ is there but is no PostgreSQL data; move .*$/);
    writeFileSync(join(data, 'PG_VERSION'), '17\n');
    await expect(start(dataDir)).rejects.toThrow(/^The data folder \S+ is of PostgreSQL 17 and this .*$/);
    await expect(start(join(data, 'notes.txt'))).rejects.toThrow(/is not a folder/);
    await expect(start(shared, { settings: { work_mem: 'much' } }))
      .rejects.toThrow(/^PostgreSQL did not start in the data folder \S+: invalid value for parameter "work_mem": .*$/);
  });
});

describe('when the owning process is killed', () => {
  it('PostgreSQL goes on and the next start takes it over, and supervises it', async () => {
    const owner = await own(shared);
    await killed(owner.child);
    expect(readdirSync(join(shared, 'lock'))).toHaveLength(1);

    const heir = await start(shared);
    expect(heir.pid()).toBe(owner.pid);
    expect(readdirSync(join(shared, 'lock'))).toHaveLength(1);
    await query(heir, 'insert into kept values (2)');
    process.kill(owner.pid, 'SIGKILL');
    await eventually(() => expect(pidOf(heir)).not.toBe(owner.pid));
    expect(await query(heir, 'select n from kept where n = 2')).toEqual([{ n: 2 }]);
  });

  it('a server that runs by other settings is replaced', async () => {
    const owner = await own(shared);
    await killed(owner.child);
    const heir = await start(shared, { settings: { work_mem: '9MB' } });
    expect(heir.pid()).not.toBe(owner.pid);
    expect(await query(heir, 'show work_mem')).toEqual([{ work_mem: '9MB' }]);
  });

  it('a server of a folder moved since, or one started by hand, is neither disturbed nor doubled', async () => {
    const owner = await own(shared);
    await killed(owner.child);
    const moved = join(scratch, 'moved');
    renameSync(shared, moved);
    await expect(start(moved)).rejects.toThrow(/of another place or container; stop it first$/);
    renameSync(moved, shared);
    await (await start(shared)).stop();

    const byHand = spawn('sleep', ['60'], { argv0: '/usr/lib/postgresql/18/bin/postgres' });
    children.push(byHand);
    const pidFile = join(shared, 'postgres', 'data', 'postmaster.pid');
    writeFileSync(pidFile, `${byHand.pid}\n`);
    await expect(start(shared)).rejects.toThrow(/\(pid \d+\) started by hand; stop it first$/);
    expect(readPid(shared)).toBe(byHand.pid);
    rmSync(pidFile);
  });

  it('a server that was killed too is started, though its pid is another process by now', async () => {
    const owner = await own(shared);
    await killed(owner.child);
    await killAll(owner.pid);
    const { uid, gid } = statSync(join(shared, 'postgres', 'data'));
    const stranger = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid } : {});
    children.push(stranger);
    for (const file of [join('data', 'postmaster.pid'), join('run', '.s.PGSQL.5432.lock')]) {
      const text = readFileSync(join(shared, 'postgres', file), 'utf8');
      writeFileSync(join(shared, 'postgres', file), text.replace(String(owner.pid), String(stranger.pid)));
    }
    const heir = await start(shared);
    expect(heir.pid()).not.toBe(stranger.pid);
    expect(await query(heir, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('Ctrl-C in its terminal ends it and not PostgreSQL', async () => {
    const owner = await own(shared, { detached: true });
    process.kill(-(owner.child.pid ?? fail()), 'SIGINT');
    const [, signal] = await once(owner.child, 'exit') as [number, NodeJS.Signals];
    expect(signal).toBe('SIGINT');
    const heir = await start(shared);
    expect(heir.pid()).toBe(owner.pid);
  });

  it('an owner with nothing else to do is not kept alive', async () => {
    const owner = await own(shared, {}, 'leave');
    const [code] = await once(owner.child, 'exit') as [number];
    expect(code).toBe(0);
    const heir = await start(shared);
    expect(heir.pid()).toBe(owner.pid);
  });
});

describe('when PostgreSQL is killed', () => {
  it.each([
    ['the postmaster', async (pid: number) => process.kill(pid, 'SIGKILL')],
    ['every process of it', killAll],
  ])('%s: it comes back with what was committed, and one line is logged', async (_, kill) => {
    const lines: string[] = [];
    const postgres = await start(shared, { log: (line) => lines.push(line) });
    for (let round = 1; round <= 2; round++) {
      const lost = pidOf(postgres);
      await query(postgres, `insert into kept values (${100 + round})`);
      await kill(lost);
      const kept = `select distinct n from kept where n = ${100 + round}`;
      await eventually(async () => expect(await query(postgres, kept)).toEqual([{ n: 100 + round }]));
      await eventually(() => expect(pidOf(postgres)).not.toBe(lost));
    }
    await eventually(() => expect(lines).toHaveLength(3));
    expect(lines[1]).toMatch(/^PostgreSQL \(pid \d+\) died; it runs again as pid \d+ after \d+\.\d s$/);
  });

  it('waits for orphans of the old server, longer than it would for an error', async () => {
    const errors: Error[] = [];
    const postgres = await start(shared, { onFatal: (error) => errors.push(error) });
    const lost = pidOf(postgres);
    const { held } = await hold(postgres);
    process.kill(held, 'SIGSTOP');
    try {
      process.kill(lost, 'SIGKILL');
      await eventually(() => expect(failedStarts(shared)).toBeGreaterThan(6));
    } finally {
      process.kill(held, 'SIGCONT');
    }
    await eventually(() => expect(pidOf(postgres)).not.toBe(lost));
    expect(errors).toEqual([]);
  });

  it('calls onFatal, once, when it cannot come back', async () => {
    const errors: Error[] = [];
    const postgres = await start(shared, { onFatal: (error) => errors.push(error) });
    renameSync(join(shared, 'postgres', 'data'), join(shared, 'elsewhere'));
    process.kill(pidOf(postgres), 'SIGKILL');
    await eventually(() => expect(errors).toHaveLength(1));
    expect(errors[0]?.message).toMatch(/^PostgreSQL did not start in the data folder .* could not access directory/);
    expect(postgres.pid()).toBeUndefined();
    await postgres.stop();
    expect(errors).toHaveLength(1);
    renameSync(join(shared, 'elsewhere'), join(shared, 'postgres', 'data'));
  });

  it('and stopped while it comes back, nothing of it is left', async () => {
    const postgres = await start(shared);
    const lost = pidOf(postgres);
    process.kill(lost, 'SIGKILL');
    await eventually(() => expect(postgres.pid()).toBeUndefined());
    await postgres.stop();
    await expect(query(postgres, 'select 1')).rejects.toThrow();
    expect(existsSync(join(shared, 'postgres', 'data', 'postmaster.pid')) && readPid(shared) !== lost).toBe(false);
  });
});

describe('a second process on one folder', () => {
  it('is refused with one line that names the first', async () => {
    await start(shared);
    const second = await own(shared);
    expect(second.error).toBe('DataFolderInUse');
    expect(second.message).toBe(
      `The data folder ${shared} is in use by another state-service (pid ${process.pid}); ` +
        'stop it or set DATA_DIR to another folder',
    );
  });

  it('that starts at the same moment, in a folder that is not there yet: one wins', async () => {
    const dataDir = join(scratch, 'raced');
    const owners = await Promise.all([own(dataDir), own(dataDir), own(dataDir)]);
    const winners = owners.filter((it) => it.error === undefined);
    expect(winners).toHaveLength(1);
    expect(winners[0]?.firstStart).toBe(true);
    expect(owners.filter((it) => it.error === 'DataFolderInUse')).toHaveLength(2);
    await killed(winners[0]?.child ?? fail());
    const heir = await start(dataDir);
    expect(heir.pid()).toBe(winners[0]?.pid);
  });
});

async function start(dataDir: string, more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await EmbeddedPostgres.start({ dataDir, ...more });
  running.push(postgres);
  return postgres;
}

async function query(postgres: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A connection that is left open, and the process that serves it. */
async function hold(postgres: EmbeddedPostgres): Promise<{ held: number }> {
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ held: number }>('select pg_backend_pid() as held');
  return rows[0] ?? fail();
}

function failedStarts(dataDir: string): number {
  return readFileSync(join(dataDir, 'postgres.log'), 'utf8').split('pre-existing shared memory block').length - 1;
}

/** Starts PostgreSQL from a process of its own, which can be killed. */
async function own(dataDir: string, options: { detached?: boolean } = {}, then = 'stay'): Promise<Owner> {
  const child = fork(join(scratch, 'compiled', 'owner.js'), [dataDir, then], options);
  children.push(child);
  const [said] = await once(child, 'message') as [Omit<Owner, 'child'>];
  return { child, ...said };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

/** The lib as JavaScript, for processes that jest does not compile for. */
function compileInto(folder: string): void {
  mkdirSync(folder);
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith('.ts') && !name.includes('.spec.'))) {
    const { code } = transformFileSync(join(__dirname, file), {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    writeFileSync(join(folder, `${basename(file, '.ts')}.js`), code);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'owner.js'), OWNER);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
}

/** SIGKILL for the postmaster and every process under it. */
async function killAll(postmaster: number): Promise<void> {
  const client = new Client({ host: join(shared, 'postgres', 'run'), user: 'postgres', database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity');
  for (const pid of [postmaster, ...rows.map((row) => row.pid)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') { // one that ended as soon as its postmaster was gone
        throw error;
      }
    }
  }
  await client.end();
}

function unfinished(dataDir: string): string[] {
  const home = join(dataDir, 'postgres');
  const entries = existsSync(home) ? readdirSync(home) : [];
  return entries.filter((name) => name.startsWith('data.init-')).map((name) => join(home, name));
}

function readPid(dataDir: string): number {
  return Number.parseInt(readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8'), 10);
}

/** Throws while there is none: a signal to pid 0 would hit the tests themselves. */
function pidOf(postgres: EmbeddedPostgres): number {
  return postgres.pid() ?? fail();
}

function fail(): never {
  throw new Error('no such process');
}

async function eventually(check: () => unknown, withinMs = 60_000): Promise<void> {
  for (const end = Date.now() + withinMs; ;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
    }
    await sleep(20);
  }
}
