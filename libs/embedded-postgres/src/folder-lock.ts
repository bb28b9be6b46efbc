import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from './data-folder.js';
import { DataFolderInUse, codeOf } from './failure.js';

/** `leaving` is one that hung up without a word: it is closing its socket, and will be gone when it is asked again. */
type Standing = 'candidate' | 'holder' | 'leaving';

interface Rival {
  readonly name: string;
  readonly standing: Standing;
}

/** What it means that a rival cannot be asked; whatever else hinders us, as another user's socket does, it may hold. */
const MEANING = new Map<string | undefined, Standing | undefined>([
  ['ECONNREFUSED', undefined],
  ['ENOENT', undefined],
  ['ECONNRESET', 'leaving'],
  ['EPIPE', 'leaving'],
]);
const ANSWER_WITHIN_MS = 2_000;
const ASK_AGAIN_MS = 20;

/**
 * At most one process holds a data folder. Every contender listens on a socket of its own name before it looks at the
 * others', so of two that start together at least one sees the other; a holder beats a candidate, and of candidates
 * the lower name waits for the higher one to give in. The kernel closes the socket of a process that dies, however it
 * dies, so a name that refuses connections is dead, whoever has its pid now. Since a name is never used twice, removing
 * a dead one cannot hit a new holder, which is the trap of a lock with one fixed name.
 */
export class FolderLock {
  private constructor(private readonly server: Server) {}

  /** Takes the lock or throws DataFolderInUse. */
  static async take(folder: DataFolder): Promise<FolderLock> {
    await mkdir(folder.locks, { recursive: true, mode: 0o700 });
    await chmod(folder.locks, 0o700);
    for (;;) {
      const lock = await contend(folder);
      if (lock !== undefined) {
        return new FolderLock(lock);
      }
    }
  }

  /** The process that holds the folder, or undefined. Takes nothing. */
  static async holder({ locks }: DataFolder): Promise<number | undefined> {
    const names = await readdir(locks).catch(() => []);
    const holder = (await liveRivals(locks, names)).find(({ standing }) => standing === 'holder');
    return holder && Number.parseInt(holder.name, 10);
  }

  async release(): Promise<void> {
    await close(this.server);
  }
}

/** Undefined when our own socket was taken for a dead one, in the instant between its bind and its listen. */
async function contend({ path, locks }: DataFolder): Promise<Server | undefined> {
  const name = `${process.pid}-${randomBytes(4).toString('hex')}`;
  let standing: Standing = 'candidate';
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(standing);
  });
  await listen(server, join(locks, name));
  try {
    for (;;) {
      const names = await readdir(locks);
      if (!names.includes(name)) {
        await close(server);
        return undefined;
      }
      const rivals = await liveRivals(locks, names.filter((other) => other !== name));
      const winner = rivals.find((it) => it.standing === 'holder')
        ?? rivals.find((it) => it.standing === 'candidate' && it.name < name);
      if (winner !== undefined) {
        throw new DataFolderInUse(path, Number.parseInt(winner.name, 10));
      }
      if (rivals.length === 0) {
        standing = 'holder';
        return server;
      }
      await sleep(ASK_AGAIN_MS);
    }
  } catch (error) {
    await close(server);
    throw error;
  }
}

async function liveRivals(locks: string, names: readonly string[]): Promise<Rival[]> {
  const rivals: Rival[] = [];
  for (const name of names) {
    const standing = await ask(join(locks, name));
    if (standing === undefined) {
      await rm(join(locks, name), { force: true });
    } else {
      rivals.push({ name, standing });
    }
  }
  return rivals;
}

/** Undefined when nobody listens there. Who listens but does not answer is stopped or busy, and holds what it holds. */
async function ask(path: string): Promise<Standing | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    socket.setTimeout(ANSWER_WITHIN_MS, () => {
      resolve('holder');
      socket.destroy();
    });
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', (error) => resolve(MEANING.has(codeOf(error)) ? MEANING.get(codeOf(error)) : 'holder'));
    socket.on('close', () => resolve(answer === 'candidate' || answer === 'holder' ? answer : 'leaving'));
  });
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, resolve);
  });
  server.unref();
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
