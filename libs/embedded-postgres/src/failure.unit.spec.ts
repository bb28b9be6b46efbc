import { DataFolderInUse, EmbeddedPostgresError, explain } from './failure.js';

const LOG = '2026-01-02 03:04:05.678 UTC [42] ';

describe('explain', () => {
  it.each([
    ["EROFS: read-only file system, mkdir '/d/lock'", /read-only file system; make it writable/],
    [`${LOG}FATAL:  could not write lock file "postmaster.pid": No space left on device`, /disk .* is full; free some/],
    [`${LOG}FATAL:  lock file "postmaster.pid" already exists`, /in use by processes of an earlier PostgreSQL/],
    ["ENOENT: no such file or directory, mkdir '/d'", /cannot be made there/],
    [`${LOG}FATAL:  could not create shared memory segment: No space left on device`, /too little shared memory/],
    ["EACCES: permission denied, mkdir '/d'", /may not write to the data folder/],
    [`${LOG}FATAL:  data directory "/d/postgres" has wrong ownership`, /chown -R/],
    ['spawn /x/bin/postgres EPERM', /may not step down; start as another user/],
    ['spawn /x/bin/postgres EACCES', /may not run the embedded PostgreSQL/],
    ['spawn /x/bin/initdb ENOENT', /needs glibc and libstdc\+\+/],
    ['/x/initdb: error while loading shared libraries: libstdc++.so.6: cannot open', /needs glibc and libstdc\+\+/],
    ['initdb: error: could not look up effective user ID 4711: user does not exist', /not in \/etc\/passwd/],
    ["ENOTDIR: not a directory, mkdir '/d/x'", /is not a folder/],
    ['listen ENOTSUP: operation not supported on socket', /has no Unix sockets/],
    [`${LOG}LOG:  starting\n${LOG}FATAL:  something new\n${LOG}LOG:  shut down`, /data folder \/d: something new$/],
    ['', /in the data folder \/d: it said nothing$/],
  ])('says in one line what to do about %s', (thrown, line) => {
    const { message } = explain(thrown, '/d');
    expect(message).toMatch(line);
    expect(message).not.toContain('\n');
  });

  it('tells an old server that lingers, for which a new try helps, from the rest', () => {
    for (const line of [
      'FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use',
      'FATAL:  lock file "postmaster.pid" already exists',
      'FATAL:  lock file "postmaster.pid" is empty',
    ]) {
      expect(explain(`${LOG}${line}`, '/d').passing).toBe(true);
    }
    expect(explain(`${LOG}FATAL:  No space left on device`, '/d').passing).toBe(false);
  });

  it('leaves an error that is plain already as it is', () => {
    for (const error of [new DataFolderInUse('/d', 7), new EmbeddedPostgresError('plain')]) {
      expect(explain(error, '/d')).toBe(error);
    }
  });
});
