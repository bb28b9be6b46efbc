import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DemoError } from './demo-error.js';
import { ExpectedState, GameEvent, readLines } from './input.js';

const event = { eventId: 'e', aggregateType: 'player', aggregateId: 'p', eventData: { gold: 1 } };
let folder: string;

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'gss-input-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([['plain', (text: string) => text], ['gzipped', gzipSync]])('reads lines that are %s', async (name, pack) => {
  const file = join(folder, name);
  await writeFile(file, pack(`${JSON.stringify(event)}\n\n${JSON.stringify(event)}\n`));
  expect(await readLines(file, GameEvent)).toEqual([event, event]);
});

it.each([
  ['is no JSON', '{', /bad\.ndjson, line 2: SyntaxError/],
  ['is no state', '{"aggregateType":"player"}', /bad\.ndjson, line 2: .*aggregateId/],
])('names the line that %s', async (_what, line, message) => {
  const file = join(folder, 'bad.ndjson');
  await writeFile(file, `{"aggregateType":"player","aggregateId":"p","version":1,"data":{}}\n${line}\n`);
  const reading = readLines(file, ExpectedState);
  await expect(reading).rejects.toThrow(message);
  await expect(reading).rejects.toBeInstanceOf(DemoError);
});

it('names a file that is not there', async () => {
  await expect(readLines(join(folder, 'none'), GameEvent)).rejects.toThrow(/none cannot be read: Error: ENOENT/);
});
