import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExpectedState, GameEvent, readLines } from '../../apps/demo/src/input.js';
import { type OwnService, startOwnService } from '../../apps/demo/src/own-service.js';
import { type DemoResult, runDemo } from '../../apps/demo/src/run-demo.js';
import { ServiceClient } from '../../apps/demo/src/service-client.js';

const ROOT = join(__dirname, '../..');
const fixture = (name: string): string => join(ROOT, 'test/fixtures', name);

let service: OwnService;
let events: GameEvent[];
let expected: ExpectedState[];

beforeAll(async () => {
  [events, expected, service] = await Promise.all([
    readLines(fixture('arena.events.ndjson.gz'), GameEvent),
    readLines(fixture('arena.expected.ndjson.gz'), ExpectedState),
    startOwnService(join(ROOT, 'dist/apps/state-service/src/main.js')),
  ]);
});

afterAll(() => service?.stop());

describe('the arena, played to a real service', () => {
  it('ends in the expected states, with as much gold as was minted', async () => {
    const answered: number[] = [];
    const result = await run({ onProgress: (count) => answered.push(count) });
    expect(result.differences).toEqual([]);
    expect(result).toMatchObject({
      events: 8546, sentTwice: 1709, duplicates: 1709, aggregates: 100, gold: 1200, minted: 1200,
    });
    expect(answered).toHaveLength(8546);
    expect(answered.at(-1)).toBe(8546);
    expect(result.p99).toBeGreaterThanOrEqual(result.p50);
  });

  it('ends in the same states when it is played again: every event is a duplicate', async () => {
    const result = await run({ events: events.slice(0, 2000) });
    expect(result).toMatchObject({ events: 2000, sentTwice: 400, duplicates: 2400, differences: [], gold: 1200 });
  });

  it('names a state that is not as expected', async () => {
    const result = await run({ events: [], expected: altered() });
    expect(result.differences).toEqual([
      { aggregate: `economy/${economy().aggregateId}`, path: '/data/payouts', expected: 81, got: 80 },
    ]);
  });

  it('names a state that is there and not expected', async () => {
    const { aggregateType, aggregateId } = economy();
    const [paid] = events.filter((event) => event.aggregateId === aggregateId);
    const others = expected.filter((state) => state.aggregateId !== aggregateId);
    const { differences } = await run({ events: [paid!], expected: others });
    expect(differences.map(({ aggregate }) => aggregate)).toContain(`${aggregateType}/${aggregateId}`);
  });

  async function run(changed: Partial<Parameters<typeof runDemo>[0]>): Promise<DemoResult> {
    return runDemo({ url: service.url, token: service.token, inFlight: 64, events, expected, ...changed });
  }
});

describe('a request that is put off', () => {
  it('is sent again after as long as the answer says', async () => {
    const answers = [[503, '1'], [429, new Date(0).toUTCString()], [201, '']] as const;
    const asked: number[] = [];
    const server = createServer((_request, response) => {
      const [status, retryAfter] = answers[asked.push(performance.now()) - 1] ?? answers[2];
      response.writeHead(status, { 'retry-after': retryAfter }).end('{"eventId":"e","eventVersion":7}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new ServiceClient({ url: `http://127.0.0.1:${port}`, token: 't', inFlight: 1 });
    try {
      expect(await client.publish(events[0]!)).toEqual({ eventId: 'e', eventVersion: 7, duplicate: false });
      expect(client.retries).toBe(2);
      expect(asked[1]! - asked[0]!).toBeGreaterThan(990);
    } finally {
      await client.close();
      server.close();
    }
  });
});

describe('npm run demo', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gss-demo-spec-'));
    await writeFile(join(folder, 'few.ndjson'), events.slice(0, 5).map((event) => JSON.stringify(event)).join('\n'));
    await writeFile(join(folder, 'altered.ndjson'), altered().map((state) => JSON.stringify(state)).join('\n'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('ends with 0 when all is as expected, and tells it as JSON if asked', async () => {
    const { code, stdout } = await demo('--token', service.token, '--events', join(folder, 'few.ndjson'), '--json');
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, events: 5, sentTwice: 1, differences: [] });
  });

  it('ends with 1 and names the difference', async () => {
    const { code, stdout } = await demo('--token', service.token, '--events', join(folder, 'few.ndjson'),
      '--expected', join(folder, 'altered.ndjson'));
    expect({ code, stdout }).toEqual({
      code: 1, stdout: expect.stringContaining(`economy/${economy().aggregateId} /data/payouts: expected 81, got 80`),
    });
  });

  it.each([
    ['nobody is there', ['--url', 'http://127.0.0.1:1'], /^No service answers at \S+:1 \(ECONNREFUSED\)/],
    ['the token is refused', ['--token', 'nonsense'], /^The service at \S+ refuses the token: 401 /m],
    ['there is no secret to sign with', ['--data-dir', '/none'], /^A service answers at \S+, but \/none\/jwt-secret/],
  ])('ends with 1 and a clear line when %s', async (_what, args, line) => {
    const { code, stderr } = await demo(...args);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(line) });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  function demo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const line = [join(ROOT, 'dist/apps/demo/src/main.js'), '--url', service.url, ...args]; // the last --url counts
    return new Promise((resolve) => {
      const child = execFile(process.execPath, line, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }));
    });
  }
});

function economy(): ExpectedState {
  return expected.find(({ aggregateType }) => aggregateType === 'economy')!;
}

/** The expected states with one value changed. */
function altered(): ExpectedState[] {
  return expected.map((state) => (state === economy() ? { ...state, data: { ...state.data, payouts: 81 } } : state));
}
