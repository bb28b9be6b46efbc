import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@app/testing';
import { fresh, type Service, startService } from './support/service.js';

const CLI = join(__dirname, '../../dist/apps/cli/src/main.js');

interface Ended { code: number; out: string; err: string }

describe('the command line and a running service', () => {
  let service: Service;
  let dataDir: string;
  beforeAll(async () => {
    service = await startService();
    dataDir = await mkdtemp(join(tmpdir(), 'gss-cli-'));
    await writeFile(join(dataDir, 'jwt-secret'), `${service.secret}\n`);
  });
  let tail: ChildProcess | undefined;
  afterAll(async () => {
    tail?.kill('SIGKILL'); // should its test have failed
    await service.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
    ({ PATH: process.env['PATH'], GSS_URL: service.url, DATA_DIR: dataDir, ...more });
  const cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}, typed = ''): Promise<Ended> => new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], { env: environment(env), maxBuffer: 2 ** 26 },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }));
    child.stdin!.end(typed);
  });
  const json = async (args: readonly string[]): Promise<Record<string, unknown>> => {
    const ended = await cli([...args, '-o', 'json']);
    expect(ended).toMatchObject({ code: 0, err: '' });
    return JSON.parse(ended.out) as Record<string, unknown>;
  };
  const change = async (id: string, eventData: object, more: object = {}): Promise<string> => {
    const { status, body } = await service.ask('POST', '/api/v1/events', {
      body: { eventType: 'GoldChanged', aggregateType: 'player', aggregateId: id, eventData, ...more },
    });
    expect(status).toBe(201);
    return body['timestamp'] as string;
  };

  it('shows a state now, at a version and at a time, its events, and what changed', async () => {
    const { id } = fresh();
    const first = await change(id, { gold: 1 });
    await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(first)));
    await change(id, { gold: 5, title: 'a\u001b[2Jb' });
    const player = ['player', id];
    const [now, old, then, events, diff, text] = await Promise.all([
      json(['state', 'get', ...player, '--events']), json(['state', 'get', ...player, '--version', '1']), json(['state', 'get', ...player, '--at', first]),
      cli(['events', 'list', ...player, '-o', 'json']), json(['diff', ...player, '--from', '1', '--to', '2']), cli(['diff', ...player, '--from', first, '--to', '2']),
    ]);
    expect(now).toMatchObject({ version: 2, data: { gold: 5 }, events: [{ eventVersion: 1 }, { eventVersion: 2 }] });
    expect([old, then]).toEqual([1, 1].map((version) => expect.objectContaining({ version, data: { gold: 1 } })));
    expect(events.out.trim().split('\n').map((line) => JSON.parse(line) as object)).toMatchObject([{ eventVersion: 1 }, { eventVersion: 2, eventData: { gold: 5 } }]);
    expect(diff).toMatchObject({ changes: [{ path: '/gold', old: 1, new: 5 }, { path: '/title', new: 'a\u001b[2Jb' }] });
    expect(text.out).toMatch(/version 1 .* to 2 .*\npath +from +to\n\/gold +1 +5\n\/title +\(none\) +"a/);
    expect(text.out).not.toContain('\u001b');
  });

  it('follows changes with those before them, until it is interrupted', async () => {
    const { id } = fresh();
    for (const gold of [1, 2]) await change(id, { gold });
    const child = spawn(process.execPath, [CLI, 'events', 'tail', `player/${id}`, '--from-start', '--filter', 'GoldChanged', '-o', 'json'], { env: environment() });
    tail = child;
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    await eventually(() => expect(out.split('\n')).toHaveLength(3));
    await change(id, { gold: 3 });
    await change(id, { gold: 4 }, { eventType: 'Other' });
    await change(id, { gold: 5 });
    await eventually(() => expect(out.split('\n')).toHaveLength(5));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const seen = out.trim().split('\n').map((line) => JSON.parse(line) as { version?: number; eventVersion?: number });
    expect(seen.map(({ version, eventVersion = version }) => eventVersion)).toEqual([1, 2, 3, 5]);
  });

  it('previews a rollback, executes it only for the right number, and undoes it', async () => {
    const [one, two] = [fresh(), fresh()];
    const correlationId = randomUUID();
    for (const { id } of [one, two]) {
      await change(id, { gold: 10 });
      await change(id, { gold: { $inc: 90 } }, { correlationId });
    }
    const goldOf = async ({ state }: { state: string }): Promise<unknown> =>
      ((await service.ask('GET', `${state}?consistency=strong`)).body['data'] as Record<string, unknown>)['gold'];
    const dry = await cli(['rollback', '--dry-run', '--correlation', correlationId]);
    expect(dry).toMatchObject({ code: 0, out: expect.stringMatching(/previewed: 2 aggregates[^]*\/gold +100 +10/) });
    const scope = ['rollback', '--correlation', correlationId, '--reason', 'an exploit'];
    const [wrong, silent] = await Promise.all([cli(scope, {}, '3\n'), cli(scope)]);
    expect(wrong).toMatchObject({ code: 1, out: '', err: expect.stringContaining('nothing was changed') });
    expect(silent).toMatchObject({ code: 2, out: '', err: expect.stringContaining('say --confirm 2') });
    expect([await goldOf(one), await goldOf(two)]).toEqual([100, 100]);
    const done = await cli([...scope, '-o', 'json'], {}, '2\n');
    expect(done.code).toBe(0);
    const { rollbackId, events } = JSON.parse(done.out) as { rollbackId: string; events: object[] };
    expect([events.length, await goldOf(one), await goldOf(two)]).toEqual([2, 10, 10]);
    // What is done is not done again: the service says so, and that is a refusal.
    expect(await cli(['rollback', 'execute', rollbackId, '--reason', 'again', '--confirm', '2'])).toMatchObject({ code: 1, out: '' });
    expect(await json(['rollback', 'undo', rollbackId, '--reason', 'a mistake'])).toMatchObject({ status: 'undone' });
    expect([await goldOf(one), await goldOf(two)]).toEqual([100, 100]);
    expect((await cli(['rollback', 'list', '--limit', '1'])).out).toContain(rollbackId);
  });

  it('rebuilds a read model, waits for its end, and lists and shows it', async () => {
    const done = await json(['operations', 'rebuild', 'analytics', '--reason', 'a trial', '--wait']);
    expect(done).toMatchObject({ kind: 'rebuild-analytics', status: 'completed', progress: 1 });
    const id = String(done['operationId']);
    const [listed, shown, again, strange, letters] = await Promise.all([
      json(['operations', 'list', '--status', 'completed']), cli(['operations', 'get', id]), cli(['operations', 'resume', id]),
      cli(['operations', 'rebuild', 'pets']), cli(['dead-letters', 'list']),
    ]);
    expect(listed).toEqual([expect.objectContaining({ operationId: id })]);
    expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/completed: \d+ of \d+ events \(100%\)/) });
    expect(again).toMatchObject({ code: 1, out: '' }); // it has ended: there is nothing to go on with
    expect(strange).toMatchObject({ code: 2, err: '<target> takes states, analytics, not pets\n' });
    expect(letters).toMatchObject({ code: 0, out: 'No dead letters\n' });
  });

  it('takes a flag from the list to its end, and finds in the audit log who did it', async () => {
    const { id } = fresh();
    await change(id, { level: 9 });
    await change(id, { level: 3 });
    const list = ['flags', 'list', '--id', id, '--type', 'player'];
    let flagged: { flagId: string }[] = [];
    await eventually(async () => expect(flagged = (await json(list)) as unknown as typeof flagged).toHaveLength(1));
    const { flagId } = flagged[0]!;
    expect(flagged).toMatchObject([{ rule: 'player-level-never-falls', status: 'open', aggregateId: id }]);
    expect((await cli(list)).out).toContain(`${flagId}  open`);
    const [shown, rules, quarantines] = await Promise.all([json(['flags', 'show', flagId]), cli(['rules']), cli(['quarantines', 'list'])]);
    expect(shown).toMatchObject({ flagId, evidence: expect.anything() });
    expect(rules.out).toMatch(/player-level-never-falls +player +monotonic +flag +1 /);
    expect(quarantines).toMatchObject({ code: 0, out: 'No quarantines\n' });
    const file = join(dataDir, 'rule.json');
    await writeFile(file, JSON.stringify({ id: 'low', kind: 'bounds', path: 'level', max: 5, aggregateType: 'player', mode: 'flag', about: 'Levels to 5' }));
    expect(await json(['operations', 'replay', '--through', 'rule', '--rule', `@${file}`, '--wait'])).toMatchObject({ status: 'completed', result: { violations: 1 } });
    expect(await json(['flags', 'assign', flagId, '--to', 'ann'])).toMatchObject({ status: 'assigned', assignee: 'ann' });
    const resolve = ['flags', 'resolve', flagId, '--as', 'dismissed', '--note', 'a respec'];
    expect(await json(resolve)).toMatchObject({ status: 'dismissed' });
    expect(await cli(resolve)).toMatchObject({ code: 1, out: '' });
    const entries = (await json(['audit', '--kind', 'administration', '--from', '1h'])) as unknown as { action: string; target: object }[];
    expect(entries).toContainEqual(expect.objectContaining({ action: 'resolveFlag', outcome: 'accepted', target: expect.objectContaining({ flagId }) }));
    expect((await cli(['audit', '--id', id, '--type', 'player'])).out).toContain('GoldChanged');
  });

  it('says in one line what is wrong with what was given, and ends with 2, or 1 for a refusal', async () => {
    const { id } = fresh();
    const empty = join(dataDir, 'empty');
    await mkdir(empty);
    const cases: [readonly string[], NodeJS.ProcessEnv, number, string][] = [
      [['state', 'get', 'player', id], {}, 1, 'STATE_NOT_FOUND: '],
      [['state', 'get', 'player', 'x'], {}, 2, '<id> takes a UUID, not x'],
      [['state', 'get', 'player', id, '--at', '2h', '--version', '1'], {}, 2, '--version or --at, not both'],
      [['rollback', '--dry-run'], {}, 2, 'takes one of --aggregate, --correlation, --causation and --actor'],
      [['rollback', 'preview', '--correlation', 'x'], {}, 2, 'VALIDATION_ERROR: '],
      [['events', 'tail', 'pets/*'], {}, 1, 'The service ended the stream: '],
      [['projections'], { GSS_TOKEN: service.token('viewer') }, 1, 'set GSS_TOKEN to a token of an operator'],
      [['projections'], { GSS_TOKEN: 'x' }, 2, 'The service refused the token'],
      [['projections'], { DATA_DIR: empty }, 2, 'Set GSS_TOKEN to a token of an operator'],
      [['projections'], { GSS_URL: 'http://state.example:8087' }, 2, 'Set GSS_TOKEN to a token of an operator for http://state.example:8087'],
      [['projections'], { GSS_URL: 'http://127.0.0.1:1' }, 2, 'No service answers at http://127.0.0.1:1: start it with npm start, or set GSS_URL'],
      [['projections'], { GSS_URL: 'here' }, 2, 'GSS_URL takes an address'],
    ];
    const ended = await Promise.all(cases.map(([args, env]) => cli(args, env)));
    cases.forEach(([, , code, message], i) => {
      expect(ended[i]).toMatchObject({ code, out: '', err: expect.stringContaining(message) });
      expect(ended[i]!.err.trim().split('\n')).toHaveLength(1);
    });
  });

  it('examines a sound service and finds nothing to mend; without one it says what to do', async () => {
    const env = { DATABASE_URL: service.db.url, JWT_SECRET: service.secret };
    const [sound, away, projections] = await Promise.all([
      cli(['doctor', '-o', 'json'], env),
      cli(['doctor'], { GSS_URL: 'http://127.0.0.1:1', PORT: 'http', REDIS_URL: 'redis://u:secret@127.0.0.1:1', DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' }),
      json(['projections']),
    ]);
    const { checks } = JSON.parse(sound.out) as { checks: { check: string; status: string; found: string }[] };
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(sound).toMatchObject({ code: 0, err: '' });
    for (const check of ['node', 'configuration', 'service', 'readiness', 'clock of the service', 'token', 'projection', 'database', 'migrations', 'signed roots', 'redis', 'disk']) {
      expect(checks.map((each) => each.check)).toContain(check);
    }
    expect(away.code).toBe(1);
    for (const line of [/^fail +service +does not answer at http:\/\/127.0.0.1:1/m, /^fail +configuration +PORT must be a whole number/m, /^fail +database .*127.0.0.1:1/m, /^warn +redis /m]) {
      expect(away.out).toMatch(line);
    }
    expect(away.out + away.err).not.toContain('secret@');
    expect(projections).toMatchObject({ projections: [{ name: 'analytics' }, { name: 'flags' }] });
  });
});
