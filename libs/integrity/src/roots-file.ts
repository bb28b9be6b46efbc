import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromLines, type StoredRoot, toLine } from './root.js';

const NEWLINE = 0x0a;

/**
 * Roots as lines of a file outside the database. One process writes at a time; a line that a crash cut short is not there, and the next one
 * takes its place.
 */
export class RootsFile {
  /** The end of the last line that was read or written. */
  private end = 0;

  constructor(private readonly path: string) {}

  /**
   * The roots that were added since, by whichever process; of a file that became shorter all of them.
   * @throws Error naming the file, for a line that is no root
   */
  async* news(): AsyncGenerator<StoredRoot> {
    const size = await sizeOf(this.path);
    if (size < this.end) this.end = 0;
    if (size === this.end) return;
    let rest = Buffer.alloc(0);
    for await (const chunk of createReadStream(this.path, { start: this.end, end: size - 1 }) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      for (let until = rest.indexOf(NEWLINE); until >= 0; until = rest.indexOf(NEWLINE)) {
        const line = rest.subarray(0, until + 1);
        rest = rest.subarray(until + 1);
        yield* this.rootsOf(line.toString());
        this.end += line.length;
      }
    }
  }

  /** On the disk when it resolves. */
  async add(root: StoredRoot): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const file = await open(this.path, this.end === 0 ? 'w' : 'r+');
    try {
      const line = Buffer.from(`${toLine(root)}\n`);
      await file.truncate(this.end);
      await file.write(line, 0, line.length, this.end);
      await file.sync();
      this.end += line.length;
    } finally {
      await file.close();
    }
  }

  private rootsOf(line: string): StoredRoot[] {
    try {
      return fromLines(line);
    } catch {
      throw new Error(`${this.path} has a line at byte ${this.end} that is no root`);
    }
  }
}

/** All roots of a file; none if there is no file. */
export async function rootsIn(path: string): Promise<StoredRoot[]> {
  const roots: StoredRoot[] = [];
  for await (const root of new RootsFile(path).news()) roots.push(root);
  return roots;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
