/** A start or restart of the embedded PostgreSQL that failed; the message is one line that says what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name: string = 'EmbeddedPostgresError';

  constructor(
    message: string,
    /** True when an old server has not let go of the folder yet, so that the same start may succeed in a moment. */
    readonly passing = false,
  ) {
    super(message);
  }
}

/** Another process holds this data folder. `pid` is its process id, as seen in its own container. */
export class DataFolderInUse extends EmbeddedPostgresError {
  override readonly name = 'DataFolderInUse';

  constructor(
    readonly dataDir: string,
    readonly pid: number,
  ) {
    super(
      `The data folder ${dataDir} is in use by another state-service (pid ${pid}); ` +
        'stop it or set DATA_DIR to another folder',
    );
  }
}

const ELSEWHERE = 'or set DATABASE_URL to a PostgreSQL server of your own';

const OLD_SERVER_LINGERS =
  /pre-existing shared memory block|lock file "[^"]*" (?:already exists|is empty)|could not bind Unix/;

// The first match wins. Node says EROFS, PostgreSQL spells it out; both come through here.
const CAUSES: readonly (readonly [RegExp, (dataDir: string) => string])[] = [
  [
    OLD_SERVER_LINGERS,
    (dir) => `The data folder ${dir} is in use by processes of an earlier PostgreSQL; end them first`,
  ],
  [
    /EROFS|read-only file system/i,
    (dir) => `The data folder ${dir} is on a read-only file system; make it writable or set DATA_DIR to another folder`,
  ],
  [
    /could not (?:create semaphores|(?:create|resize|map anonymous) shared memory)/i,
    () => `PostgreSQL got too little shared memory from this machine; give it more ${ELSEWHERE}`,
  ],
  [
    /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i,
    (dir) => `The disk that holds the data folder ${dir} is full; free some space and start again`,
  ],
  [
    // Node's recursive mkdir says this of a parent on a read-only file system.
    /ENOENT.*mkdir/,
    (dir) => `The data folder ${dir} cannot be made there; set DATA_DIR to another folder`,
  ],
  [
    /ENOTDIR|EEXIST/,
    (dir) => `The data folder ${dir} is not a folder; remove that file or set DATA_DIR to another folder`,
  ],
  [
    /EOPNOTSUPP|ENOTSUP/,
    (dir) => `The file system of the data folder ${dir} has no Unix sockets; set DATA_DIR to a folder on a local disk`,
  ],
  [
    /look up effective user id/i,
    () => `The user that this service runs as is not in /etc/passwd, which PostgreSQL needs; add it there ${ELSEWHERE}`,
  ],
  [
    /EPERM.*chown|spawn.*EPERM/,
    () => `PostgreSQL never runs as root, and this root may not step down; start as another user ${ELSEWHERE}`,
  ],
  [
    /spawn.*ENOENT|error while loading shared libraries|cannot open shared object/,
    () => `The embedded PostgreSQL needs glibc and libstdc++ on this system; install them ${ELSEWHERE}`,
  ],
  [
    /spawn.*EACCES/,
    () => `This user may not run the embedded PostgreSQL, or its disk is mounted noexec; change that ${ELSEWHERE}`,
  ],
  [
    /wrong ownership/,
    (dir) => `The data in ${dir}/postgres must belong to the user that PostgreSQL runs as; give it to them (chown -R)`,
  ],
  [
    /EACCES|EPERM|permission denied|operation not permitted/i,
    (dir) => `This user may not write to the data folder ${dir}; give it the folder or set DATA_DIR to another folder`,
  ],
];

/** Turns what Node threw, or what PostgreSQL wrote before it died, into one line that says what to do. */
export function explain(thrown: unknown, dataDir: string): EmbeddedPostgresError {
  if (thrown instanceof EmbeddedPostgresError) {
    return thrown;
  }
  const text = String(thrown);
  const cause = CAUSES.find(([pattern]) => pattern.test(text));
  return new EmbeddedPostgresError(
    cause?.[1](dataDir) ?? `PostgreSQL did not start in the data folder ${dataDir}: ${mainLine(text)}`,
    OLD_SERVER_LINGERS.test(text),
  );
}

function mainLine(output: string): string {
  const marked = /(?:FATAL|PANIC|[Ee]rror|postgres|initdb): +(.*)/.exec(output)?.[1];
  const reason = marked ?? output.trim().split('\n').at(-1);
  return reason === undefined || reason === '' ? 'it said nothing' : reason;
}

/** The system error code of what was thrown, as `ENOENT`. */
export function codeOf(thrown: unknown): string | undefined {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
