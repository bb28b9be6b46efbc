import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NativePackage, findNativePackage, majorOf, usableBinaries } from './binaries.js';
import { type DataFolder, openDataFolder } from './data-folder.js';
import { EmbeddedPostgresError, explain } from './failure.js';
import { FolderLock } from './folder-lock.js';
import { initIfMissing } from './init.js';
import { isRunning } from './postmaster.js';
import { type ConnectionParts, type Server, bringUp, connectionTo, serverCommand, shutDown } from './server.js';
import { serverUser } from './system-user.js';
import { settle } from './tenant.js';

/** How to start the embedded PostgreSQL. */
export interface EmbeddedPostgresOptions {
  /** Folder of the service; PostgreSQL keeps its part in `postgres` under it. */
  readonly dataDir: string;
  /** Gets one line for what an operator should know: started, taken over, died and running again. */
  readonly log?: (line: string) => void;
  /** Called once when the server died and cannot be brought back; the service should end. */
  readonly onFatal?: (error: Error) => void;
  /** Server parameters beside ours. They win over postgresql.conf and ALTER SYSTEM, so they are for tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What the machine brings. */
export interface Machine {
  readonly native: NativePackage;
  /** Whom root may step down to, best first. */
  readonly users: readonly string[];
  /** Where a root whose data folder is out of the server's reach keeps binaries that the server cannot reach either. */
  readonly cacheFolder: string;
}

const WATCH_EVERY_MS = 100;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const TRIES_TO_RESTART = 6;
/** Orphans of a killed server may finish what they run before they let go of its shared memory. */
const OLD_SERVER_PATIENCE_MS = 30_000;

/**
 * A PostgreSQL server of our own: a child that outlives this process if that is killed, and that is brought back if
 * it is killed itself. It listens on a Unix socket only, in a folder that only its user can enter.
 */
export class EmbeddedPostgres {
  /** Connection string for `pg` and TypeORM: the host is the percent-encoded folder of the socket. */
  readonly url: string;
  /** The same as parts of a `pg` client's configuration. */
  readonly connection: ConnectionParts;
  private readonly ending = new AbortController();
  private watch: NodeJS.Timeout | undefined;
  private restarting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly server: Server,
    private readonly onFatal: (error: Error) => void,
    private readonly lock: FolderLock,
    private current: number | undefined,
    /** True when this start made the data, so that the database is empty. */
    readonly firstStart: boolean,
  ) {
    this.connection = connectionTo(server.tenant);
    this.url = urlOf(server.tenant.folder);
    this.supervise();
  }

  /**
   * Makes the data if there is none, takes over a server that a killed process left running, else starts one; resolves
   * when it takes connections, and keeps it running until `stop`. Throws DataFolderInUse if another process holds the
   * folder, EmbeddedPostgresError with one line that says what to do for anything else.
   */
  static async start(options: EmbeddedPostgresOptions, machine = thisMachine()): Promise<EmbeddedPostgres> {
    const folder = openDataFolder(options.dataDir);
    let lock: FolderLock | undefined;
    try {
      lock = await FolderLock.take(folder);
      const { server, firstStart } = await prepare(options, folder, machine);
      const { pid, adopted } = await bringUpPatiently(server, new AbortController().signal, 1);
      const done = adopted ? 'found running and taken over' : firstStart ? 'initialised and started' : 'started';
      server.log(`PostgreSQL ${machine.native.version} (pid ${pid}) ${done}, data in ${folder.cluster}`);
      return new EmbeddedPostgres(server, options.onFatal ?? ignore, lock, pid, firstStart);
    } catch (error) {
      await lock?.release();
      throw explain(error, folder.path);
    }
  }

  /** Process id of the server; undefined while it is being brought back and after `stop`. */
  pid(): number | undefined {
    return this.current;
  }

  /** Ends supervision and the server (fast shutdown, forced after seconds), and gives the data folder free. */
  async stop(): Promise<void> {
    this.stopping ??= this.end();
    await this.stopping;
  }

  private async end(): Promise<void> {
    clearInterval(this.watch);
    this.ending.abort();
    await this.restarting;
    try {
      const pid = this.current;
      this.current = undefined;
      if (pid !== undefined) {
        await shutDown(pid, () => isRunning(pid, this.server.command));
      }
    } finally {
      await this.lock.release();
    }
  }

  /** By looking and not by the child's exit: a server that was taken over is nobody's child here. */
  private supervise(): void {
    this.watch = setInterval(() => {
      const pid = this.current;
      if (pid !== undefined && !isRunning(pid, this.server.command)) {
        clearInterval(this.watch);
        this.current = undefined;
        this.restarting = this.restart(pid);
      }
    }, WATCH_EVERY_MS).unref();
  }

  private async restart(lost: number): Promise<void> {
    const { server, ending } = this;
    const begun = Date.now();
    try {
      this.current = (await bringUpPatiently(server, ending.signal, TRIES_TO_RESTART)).pid;
      const seconds = ((Date.now() - begun) / 1000).toFixed(1);
      server.log(`PostgreSQL (pid ${lost}) died; it runs again as pid ${this.current} after ${seconds} s`);
      if (!ending.signal.aborted) {
        this.supervise();
      }
    } catch (error) {
      if (!ending.signal.aborted) {
        this.onFatal(explain(error, server.tenant.folder.path));
      }
    }
  }
}

/** The address of a folder's server, whoever runs it. */
export function urlOf(folder: DataFolder): string {
  const { host, port, user, database } = connectionTo({ folder });
  return `postgres://${user}@${encodeURIComponent(host)}:${port}/${database}?sslmode=disable`;
}

/** The npm package's binaries and the usual users. Throws EmbeddedPostgresError where this platform has no binaries. */
export function thisMachine(): Machine {
  return { native: findNativePackage(), users: ['postgres', 'nobody'], cacheFolder: '/var/cache/state-service' };
}

async function prepare(
  options: EmbeddedPostgresOptions,
  folder: DataFolder,
  { native, users, cacheFolder }: Machine,
): Promise<{ server: Server; firstStart: boolean }> {
  const user = serverUser(folder.home, users);
  const tenant = settle(folder, user);
  const binaries = await usableBinaries(native, user, tenant.reaches ? folder.home : cacheFolder);
  const firstStart = await initIfMissing(join(binaries, 'bin', 'initdb'), majorOf(native), tenant);
  const command = serverCommand(join(binaries, 'bin', 'postgres'), native.version, tenant, options.settings ?? {});
  return { server: { tenant, command, log: options.log ?? ignore }, firstStart };
}

/** A predecessor that has not let go yet is waited for; any other failure is given so many tries. */
async function bringUpPatiently(server: Server, signal: AbortSignal, tries: number): ReturnType<typeof bringUp> {
  const begun = Date.now();
  let failures = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await bringUp(server, signal);
    } catch (error) {
      const lingers = error instanceof EmbeddedPostgresError && error.passing;
      failures += lingers ? 0 : 1;
      if (signal.aborted || failures >= tries || (lingers && Date.now() - begun > OLD_SERVER_PATIENCE_MS)) {
        throw error;
      }
    }
    await sleep(pause, undefined, { signal });
  }
}

function ignore(): void {
  // Whoever gives no listener does not want to hear.
}
