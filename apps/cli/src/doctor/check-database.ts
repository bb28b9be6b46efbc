import { inspectDataFolder } from '@app/embedded-postgres';
import { migrationNames } from '../../../state-service/src/start/migration-names.js';
import { explain } from '../../../state-service/src/start/explain.js';
import { withClient } from '../database.js';
import type { Environment } from '../environment.js';
import { type Check, fail, messageOf, ok, upTo, warn } from './check.js';
import { appliedMigrations } from './sql/applied-migrations.js';
import { deadRows } from './sql/dead-rows.js';
import { longTransactions } from './sql/long-transactions.js';
import { signingReport } from './sql/newest-root.js';
import type { Queryable } from './sql/queryable.js';
import { serverReport } from './sql/server.js';

const OLDEST_POSTGRES = 150_000;
const SKEW_MS = 1_000;
const LONG_SECONDS = 60;
const MANY_DEAD_ROWS = 10_000;
const CONNECTIONS_SHARE = 0.9;
const ROOT_AGE_DAYS = 7;
const DAY_MS = 86_400_000;
const MIB = 2 ** 20;

/** The database of this environment, where it has one: that of DATABASE_URL, or the one in DATA_DIR while a service runs it. */
export async function checkDatabase({ databaseUrl, dataDir }: Environment): Promise<Check[]> {
  if (databaseUrl !== undefined) return looked(databaseUrl, databaseUrl);
  const folder = await inspectDataFolder(dataDir);
  if (!folder) return [warn('database', `there is none in ${dataDir}, and no DATABASE_URL`, 'set DATABASE_URL or DATA_DIR to have it looked at')];
  const place = `${folder.path}, its database of user ${folder.owner}`;
  if (folder.holder === undefined) return [warn('data folder', `${place}, is held by no process`, 'start the service to have the database looked at')];
  return [ok('data folder', `${place}, is held by process ${folder.holder}`), ...await looked(folder.url, undefined)];
}

async function looked(url: string, given: string | undefined): Promise<Check[]> {
  try {
    return await withClient(url, async (client) => {
      const server = await checkServer(client);
      const migrations = await checkMigrations(client);
      const usable = migrations.status === 'fail' ? [] : [...await checkDeadRows(client), await checkRoots(client)];
      return [...server, migrations, ...await checkTransactions(client), ...usable];
    });
  } catch (error) {
    const line = explain(error, { port: 0, host: '', databaseUrl: given });
    return [fail('database', line ?? messageOf(error), 'start it, or correct DATABASE_URL')];
  }
}

async function checkServer(client: Queryable): Promise<Check[]> {
  const asked = Date.now();
  const { version, versionNumber, now, bytes, connections, maxConnections, unsafe, standby } = await serverReport(client);
  const skew = Math.abs(now.getTime() - (asked + Date.now()) / 2);
  const found = `PostgreSQL ${version}, ${Math.round(bytes / MIB).toLocaleString('en')} MiB`;
  return [
    versionNumber >= OLDEST_POSTGRES ? ok('database', found) : fail('database', found, 'use PostgreSQL 15 or newer'),
    ...(standby ? [fail('database', 'it is a standby', 'set DATABASE_URL to the primary')] : []),
    ...unsafe.map((name) => fail('durability', `${name} is off`, 'turn it on: what was acknowledged may be lost with the power')),
    upTo(SKEW_MS, skew, 'clock of the database', `${Math.round(skew)} ms apart`, 'synchronise the clocks'),
    upTo(CONNECTIONS_SHARE * maxConnections, connections, 'connections', `${connections} of ${maxConnections}`, 'raise max_connections, or run fewer WORKERS'),
  ];
}

async function checkMigrations(client: Queryable): Promise<Check> {
  const applied = new Set(await appliedMigrations(client));
  const known = migrationNames();
  const missing = known.filter((name) => !applied.has(name));
  const strange = [...applied].filter((name) => !known.includes(name));
  if (applied.size === 0) return fail('migrations', 'the service never ran on this database', 'start it once, or correct DATABASE_URL');
  if (missing.length > 0) return fail('migrations', `missing: ${missing.join(', ')}`, 'start the service of this version once: it brings the database up to date');
  if (strange.length > 0) return warn('migrations', `of a newer version: ${strange.join(', ')}`, 'use the command line of the version that serves');
  return ok('migrations', `all ${known.length} applied`);
}

async function checkTransactions(client: Queryable): Promise<Check[]> {
  const found = await longTransactions(client, LONG_SECONDS);
  if (found.length === 0) return [ok('transactions', `none is open for more than ${LONG_SECONDS} s`)];
  return found.map(({ pid, application, state, seconds }) => warn(
    'transactions', `${application || 'a client'} (pid ${pid}, ${state}) has one open for ${Math.round(seconds)} s`,
    'end it if nobody needs it: it holds vacuum back, and maybe locks'));
}

async function checkDeadRows(client: Queryable): Promise<Check[]> {
  const found = await deadRows(client, MANY_DEAD_ROWS);
  if (found.length === 0) return [ok('dead rows', 'vacuum keeps up')];
  return found.map(({ table, live, dead }) => warn('dead rows', `${table} has ${dead} and ${live} live ones`, 'see long transactions, then vacuum it'));
}

async function checkRoots(client: Queryable): Promise<Check> {
  const { head, signed } = await signingReport(client);
  if (head === 0) return ok('signed roots', 'there is nothing to sign');
  if (!signed) return warn('signed roots', `none, of ${head} events`, 'run roots sign now and then: it proves that nobody changed the log');
  const days = (Date.now() - Date.parse(signed.signedAt)) / DAY_MS;
  const found = `up to position ${signed.last} of ${head}, ${days.toFixed(1)} days ago`;
  return days > ROOT_AGE_DAYS && signed.last < head ? warn('signed roots', found, 'run roots sign') : ok('signed roots', found);
}
