import { randomUUID } from 'node:crypto';
import { eventually } from '@app/testing';
import { rulesFile } from './support/rules.js';
import { type Answer, fresh, type Service, startService } from './support/service.js';

const FLAGS = '/api/v1/flags';
type Flag = Record<string, unknown> & { flagId: string; aggregateId: string };

describe('the review of flags', () => {
  let service: Service;
  let file: Awaited<ReturnType<typeof rulesFile>>;
  let operator: string;

  beforeAll(async () => {
    file = await rulesFile();
    service = await startService({ RULES_FILE: file.path });
    operator = service.token('operator', { sub: 'olga' });
  });
  afterAll(async () => {
    await service.stop();
    await file.remove();
  });

  const publish = async (id: string, eventData: object, more: object = {}): Promise<void> => {
    const body = { eventType: 'Happened', aggregateType: 'player', aggregateId: id, eventData, ...more };
    expect((await service.ask('POST', '/api/v1/events', { body })).status).toBe(201);
  };
  const get = (path: string, token = operator): Promise<Answer> => service.ask('GET', path, { token });
  const post = (path: string, body: object, token = operator): Promise<Answer> => service.ask('POST', path, { body, token });
  const flagsOf = async (query: string, count: number): Promise<Flag[]> => eventually(async () => {
    const { body } = await get(`${FLAGS}?${query}`);
    expect((body['flags'] as Flag[]).length).toBe(count);
    return body['flags'] as Flag[];
  });
  /** A player whose second event breaks the rule odd-level. */
  const flagged = async (): Promise<Flag> => {
    const { id } = fresh();
    await publish(id, { level: 2, name: 'x' });
    await publish(id, { level: 95 }, { metadata: { why: 'test' } });
    return (await flagsOf(`aggregateId=${id}`, 1))[0]!;
  };
  const quarantineOf = async (id: string): Promise<Record<string, unknown>> => (await get(`/api/v1/quarantines/player/${id}`)).body;

  it('shows an event that broke a rule, with what was there, what is there, and what happened around it', async () => {
    const flag = await flagged();
    expect(flag).toMatchObject({
      status: 'open', rule: 'odd-level', kind: 'bounds', mode: 'flag', aggregateType: 'player', eventVersion: 2, actor: 'spec', path: '/level',
      before: 2, after: 95, measured: 95, limit: 90,
    });
    const { status, body } = await get(`${FLAGS}/${flag.flagId}`);
    expect([status, body]).toEqual([200, {
      ...flag, isQuarantined: false, actions: [], evidence: [1, 2].map((eventVersion) => (
        { actor: 'spec', event: expect.objectContaining({ eventVersion, eventType: 'Happened', ...(eventVersion === 2 && { eventId: flag['eventId'], metadata: { why: 'test' } }) }) })),
    }]);
  });

  it('shows of a sum that does not add up what the command did to the others', async () => {
    const ids = [fresh().id, fresh().id, fresh('guild').id];
    const change = (aggregateId: string, changes: object, aggregateType = 'player') => ({ aggregateType, aggregateId, changes });
    const correlationId = randomUUID();
    const { status } = await service.ask('POST', '/api/v1/commands/transaction', { body: {
      correlationId, changes: [change(ids[0]!, { rating: 9 }), change(ids[1]!, { rating: -1 }), change(ids[2]!, { name: 'g' }, 'guild')],
    } });
    expect(status).toBe(200);
    await publish(ids[1]!, { rating: 3 }, { correlationId }); // another command
    const [flag] = await flagsOf(`aggregateId=${ids[0]}`, 1);
    const togetherOf = async (token: string): Promise<unknown> =>
      ((await get(`${FLAGS}/${flag!.flagId}`, token)).body['together'] as { event: { aggregateId: string; eventVersion: number } }[])
        .map(({ event }) => [event.aggregateId, event.eventVersion]);
    expect(await togetherOf(operator)).toEqual([[ids[1], 1], [ids[2], 1]]);
    expect(await togetherOf(service.token('operator', { aggregateTypes: ['player'] }))).toEqual([[ids[1], 1]]);
  });

  it('is assigned, and resolved once, and every step stays', async () => {
    const { flagId } = await flagged();
    expect(await post(`${FLAGS}/${flagId}/assign`, { assignee: 'pia' })).toMatchObject({ status: 200, body: { status: 'assigned', assignee: 'pia' } });
    expect(await post(`${FLAGS}/${flagId}/assign`, { assignee: 'quin' })).toMatchObject({ status: 200, body: { assignee: 'quin' } });
    const asQuin = service.token('admin', { sub: 'quin' });
    const resolved = await post(`${FLAGS}/${flagId}/resolve`, { resolution: 'dismissed', note: 'an event' }, asQuin);
    expect(resolved).toMatchObject({ status: 200, body: { status: 'dismissed', assignee: 'quin', resolvedBy: 'quin', note: 'an event' } });
    expect(await post(`${FLAGS}/${flagId}/resolve`, { resolution: 'confirmed', note: 'no' }))
      .toMatchObject({ status: 409, body: { error: 'FLAG_RESOLVED', details: { status: 'dismissed', resolvedBy: 'quin' } } });
    expect(await post(`${FLAGS}/${flagId}/assign`, { assignee: 'rob' })).toMatchObject({ status: 409, body: { error: 'FLAG_RESOLVED' } });
    expect((await get(`${FLAGS}/${flagId}`)).body).toMatchObject({
      status: 'dismissed', actions: [
        { action: 'assigned', actor: 'olga', assignee: 'pia' }, { action: 'assigned', actor: 'olga', assignee: 'quin' },
        { action: 'dismissed', actor: 'quin', note: 'an event' },
      ],
    });
    await expect(service.db.pool.query('DELETE FROM global_state.flag_actions')).rejects.toThrow();
  });

  it('lets one of many win who resolve at once', async () => {
    const { flagId } = await flagged();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => post(
      `${FLAGS}/${flagId}/resolve`, { resolution: i % 2 ? 'confirmed' : 'dismissed', note: `by ${i}` }, service.token('operator', { sub: `op${i}` }))));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, ...Array<number>(11).fill(409)]);
    const { body } = await get(`${FLAGS}/${flagId}`);
    const won = answers.find(({ status }) => status === 200)!.body;
    expect(body).toMatchObject({ status: won['status'], note: won['note'], resolvedBy: won['resolvedBy'], actions: [{ actor: won['resolvedBy'], note: won['note'] }] });
  });

  it('lists by status, rule, type and aggregate, and pages', async () => {
    const { id } = fresh();
    await publish(id, { level: 1 });
    for (const level of [91, 92, 93, 94, 95]) await publish(id, { level });
    const [newest] = await flagsOf(`aggregateId=${id}&aggregateType=player&rule=odd-level&status=open`, 5);
    await post(`${FLAGS}/${newest!.flagId}/resolve`, { resolution: 'confirmed', note: 'x' });
    expect(await flagsOf(`aggregateId=${id}&status=confirmed`, 1)).toMatchObject([{ after: 95 }]);
    expect((await flagsOf(`aggregateId=${id}&status=open`, 4)).map(({ after }) => after)).toEqual([94, 93, 92, 91]);
    await flagsOf(`aggregateId=${id}&rule=top-level`, 0);
    await flagsOf('aggregateType=guild', 0);
    const seen: unknown[] = [];
    for (let path: string | undefined = `${FLAGS}?aggregateId=${id}&limit=2`; path !== undefined;) {
      const answer: Answer = await get(path);
      seen.push(...(answer.body['flags'] as Flag[]).map(({ after }) => after));
      path = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual([95, 94, 93, 92, 91]);
  });

  it('marks an aggregate once at a time, while writes go on, until it is released', async () => {
    const { id } = fresh();
    await publish(id, { level: 5, banned: true });
    expect(await quarantineOf(id)).toMatchObject({ isQuarantined: false, quarantines: [] });
    await publish(id, { level: 4 });
    await publish(id, { level: 3, banned: false });
    const flags = await flagsOf(`aggregateId=${id}`, 3);
    expect(await quarantineOf(id)).toMatchObject({ isQuarantined: true, quarantines: [{ rule: 'player-level-never-falls', eventVersion: 2 }] });
    expect((await get(`${FLAGS}/${flags[0]!.flagId}`)).body).toMatchObject({ isQuarantined: true });
    expect((await get('/api/v1/quarantines?aggregateType=player')).body['quarantines']).toContainEqual(expect.objectContaining({ aggregateId: id }));
    await publish(id, { name: 'goes on' });
    const release = (): Promise<Answer> => post(`/api/v1/quarantines/player/${id}/release`, { reason: 'talked to' });
    const answers = await Promise.all([release(), release(), release()]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 404, 404]);
    expect(await quarantineOf(id)).toMatchObject({ isQuarantined: false, quarantines: [{ releasedBy: 'olga', reason: 'talked to' }] });
    expect((await get('/api/v1/quarantines?status=released')).body['quarantines']).toContainEqual(expect.objectContaining({ aggregateId: id }));
    await publish(id, { level: 2 });
    await eventually(async () => expect((await quarantineOf(id))['quarantines']).toHaveLength(2));
    expect(await quarantineOf(id)).toMatchObject({ isQuarantined: true });
  });

  it('raises each flag once, also when the log is read again, and marks nobody anew by it', async () => {
    const { id } = fresh();
    await publish(id, { level: 5 });
    await publish(id, { level: 4 });
    await flagsOf(`aggregateId=${id}`, 1);
    await post(`/api/v1/quarantines/player/${id}/release`, { reason: 'x' });
    const count = async (): Promise<unknown> => (await service.db.pool.query(
      'SELECT (SELECT count(*) FROM global_state.flags) AS flags, (SELECT count(*) FROM global_state.quarantines) AS quarantines')).rows;
    const before = await count();
    await service.db.pool.query(`UPDATE global_state.checkpoints SET position = 0 WHERE consumer = 'flags'`);
    await publish(id, { name: 'wakes the consumer' });
    await eventually(async () => {
      const { rows: [at] } = await service.db.pool.query<{ behind: boolean }>(`SELECT c.position < h.position AS behind
        FROM global_state.checkpoints AS c JOIN global_state.log_heads AS h USING (partition) WHERE c.consumer = 'flags'`);
      expect(at).toEqual({ behind: false });
    });
    expect(await count()).toEqual(before);
    expect(await quarantineOf(id)).toMatchObject({ isQuarantined: false });
  });

  it('lists the rules in force, and counts', async () => {
    const { flagId } = await flagged();
    await post(`${FLAGS}/${flagId}/resolve`, { resolution: 'confirmed', note: 'x' });
    const { id } = fresh();
    const refused = { eventType: 'X', aggregateType: 'player', aggregateId: id, eventData: { level: 101 } };
    expect((await service.ask('POST', '/api/v1/events', { body: refused })).status).toBe(422);
    const { body } = await get('/api/v1/rules');
    const rules = body['rules'] as { rule: { id: string; mode: string }; flags: Record<string, number> }[];
    const ruleOf = (id: string) => rules.find(({ rule }) => rule.id === id)!;
    expect(ruleOf('odd-level')).toMatchObject({ rule: { kind: 'bounds', path: 'level', max: 90, mode: 'flag', aggregateType: 'player' }, flags: { confirmed: expect.any(Number) } });
    expect(ruleOf('odd-level').flags['confirmed']).toBeGreaterThan(0);
    expect([ruleOf('player-wins-never-fall').rule.mode, ruleOf('combat-ended-stays-ended').rule.mode]).toEqual(['off', 'reject']);
    await eventually(async () => {
      const { text } = await get('/metrics');
      expect(text).toMatch(/^gss_rule_violations_total\{rule="odd-level",mode="flag"\} [1-9]/m);
      expect(text).toMatch(/^gss_rule_violations_total\{rule="top-level",mode="reject"\} 1$/m);
      expect(text).toMatch(/^gss_flags_open \d+$/m);
    });
  });

  it.each<[string, string, object | undefined]>([
    ['a flag that is no id', `${FLAGS}/x`, undefined], ['an unknown status', `${FLAGS}?status=new`, undefined], ['an unknown field', `${FLAGS}?who=x`, undefined],
    ['a cursor that was not given out', `${FLAGS}?cursor=x`, undefined], ['a limit beyond 100', `${FLAGS}?limit=101`, undefined],
    ['a resolution that is none', `${FLAGS}/${randomUUID()}/resolve`, { resolution: 'open', note: 'x' }],
    ['no note', `${FLAGS}/${randomUUID()}/resolve`, { resolution: 'confirmed' }], ['a blank note', `${FLAGS}/${randomUUID()}/resolve`, { resolution: 'confirmed', note: '  ' }],
    ['no assignee', `${FLAGS}/${randomUUID()}/assign`, {}], ['a release without a reason', `/api/v1/quarantines/player/${randomUUID()}/release`, {}],
    ['a quarantine of an unknown type', `/api/v1/quarantines/pet/${randomUUID()}`, undefined],
  ])('refuses %s with 400', async (_what, path, body) => {
    expect(await (body ? post(path, body) : get(path))).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
  });

  it('is for operators, each within the types of the token', async () => {
    const { flagId, aggregateId } = await flagged();
    const quarantine = `/api/v1/quarantines/player/${aggregateId}`;
    const calls = (token: string): Promise<Answer[]> => Promise.all([
      get(FLAGS, token), get(`${FLAGS}/${flagId}`, token), post(`${FLAGS}/${flagId}/assign`, { assignee: 'x' }, token),
      post(`${FLAGS}/${flagId}/resolve`, { resolution: 'confirmed', note: 'x' }, token), get('/api/v1/quarantines', token), get(quarantine, token),
      post(`${quarantine}/release`, { reason: 'x' }, token), get('/api/v1/rules', token),
    ]);
    for (const token of [service.token('viewer'), service.token('service'), service.token('player', { playerId: aggregateId })]) {
      expect((await calls(token)).map(({ status }) => status)).toEqual(Array(8).fill(403));
    }
    const limited = await calls(service.token('operator', { aggregateTypes: ['guild'] }));
    expect(limited.map(({ status }) => status)).toEqual([200, 403, 403, 403, 200, 403, 403, 200]);
    expect([limited[0]!.body['flags'], limited[4]!.body['quarantines']]).toEqual([[], []]);
    expect((await get(`${FLAGS}/${randomUUID()}`))).toMatchObject({ status: 404, body: { error: 'FLAG_NOT_FOUND' } });
    expect((await post(`/api/v1/quarantines/player/${randomUUID()}/release`, { reason: 'x' }))).toMatchObject({ status: 404, body: { error: 'QUARANTINE_NOT_FOUND' } });
  });
});
