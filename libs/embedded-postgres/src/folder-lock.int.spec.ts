import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFolder, openDataFolder } from './data-folder.js';
import { DataFolderInUse } from './failure.js';
import { FolderLock } from './folder-lock.js';

let folder: DataFolder;

beforeEach(() => {
  folder = openDataFolder(mkdtempSync(join(tmpdir(), 'folder-lock-')));
});

afterEach(() => rmSync(folder.path, { recursive: true }));

it('has one holder at a time, and is free again after release', async () => {
  const lock = await FolderLock.take(folder);
  await expect(FolderLock.take(folder)).rejects.toThrow(DataFolderInUse);
  await lock.release();
  await (await FolderLock.take(folder)).release();
  expect(readdirSync(join(folder.path, 'lock'))).toEqual([]);
});

it('goes to exactly one of many that contend at once, also beside the sockets of the dead', async () => {
  for (let round = 0; round < 30; round++) {
    await leaveDeadSocket(join(folder.path, 'lock'), round);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.take(folder)));
    const won = outcomes.filter((it) => it.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const outcome of outcomes) {
      expect(outcome.status === 'fulfilled' || outcome.reason instanceof DataFolderInUse).toBe(true);
    }
    await won[0]?.value.release();
  }
});

it('is given up to a candidate of a lower name, and one of a higher name is waited for', async () => {
  await (await FolderLock.take(folder)).release();
  const lower = await rival('0-01234567', ['candidate']);
  await expect(FolderLock.take(folder)).rejects.toThrow(DataFolderInUse);
  await lower();

  const higher = await rival('x-01234567', ['candidate', 'candidate', 'holder']);
  await expect(FolderLock.take(folder)).rejects.toThrow(DataFolderInUse);
  await higher();

  const leaving = await rival('0-01234567', ['', 'candidate-not', '']);
  const lock = FolderLock.take(folder);
  await leaving();
  await (await lock).release();
});

it('is not fooled by a name of the dead that carries the pid of the living', async () => {
  await (await FolderLock.take(folder)).release();
  writeFileSync(join(folder.path, 'lock', `${process.pid}-01234567`), '');
  await (await FolderLock.take(folder)).release();
});

it('is kept by a holder that is stopped and cannot answer', async () => {
  const name = '7-01234567';
  await (await FolderLock.take(folder)).release();
  const path = JSON.stringify(join(folder.path, 'lock', name));
  const listener = `require('node:net').createServer().listen(${path}, () => console.log('up'))`;
  const holder = spawn(process.execPath, ['-e', listener]);
  await once(holder.stdout, 'data');
  holder.kill('SIGSTOP');
  await expect(FolderLock.take(folder)).rejects.toThrow(/\(pid 7\)/);
  const exit = once(holder, 'exit');
  holder.kill('SIGKILL');
  await exit;
  await (await FolderLock.take(folder)).release();
});

/** Listens as a contender does and gives these answers, the last for ever; the result ends it once it was asked. */
async function rival(name: string, answers: string[]): Promise<() => Promise<void>> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.end(answers[Math.min(asked, answers.length - 1)] ?? '');
    asked += 1;
  }).listen(join(folder.path, 'lock', name));
  await once(server, 'listening');
  return async () => {
    while (asked < answers.length) {
      await once(server, 'connection');
    }
    await new Promise((resolve) => server.close(resolve));
  };
}

/** A socket file that nobody listens on, as SIGKILL leaves it; a plain file refuses connections in the same way. */
async function leaveDeadSocket(locks: string, round: number): Promise<void> {
  await (await FolderLock.take(folder)).release();
  writeFileSync(join(locks, `${round}-deadbeef`), '');
}
