import { randomUUID } from 'node:crypto';
import { type AppendedEvent, type Command, freeze, hashEvent, MAX_STATE_BYTES, unborn } from '@app/event-store';
import {
  type AggregateRef, type AggregateSnapshot, type EventDraft, fold, type FoldState, type Json, type Op, refKey, ServiceError,
  type StoredEvent,
} from '@app/kernel';
import type { EventLog } from './in-memory-event-store.js';

const ALL = { from: 1, to: 1_000_000, limit: 10_000 };
type Decision = (state: AggregateSnapshot) => EventDraft;
type More = Partial<Omit<Command, 'aggregates' | 'decide'>> & { eventId?: string; expected?: number };

export const someone = (type = 'player'): AggregateRef => ({ type, id: randomUUID() });
const draft = (type: string, ...ops: Op[]): EventDraft => ({ type, schemaVersion: 1, data: { ops: ops.length }, ops });
export const set = (key: string, value: Json): Decision => () => draft('Set', ['set', `/${key}`, 'lww', value]);
export const remove: Decision = (state) => {
  if (state.version === 0 || state.deleted) throw new ServiceError('STATE_NOT_FOUND', 'not there');
  return draft('Removed', ['del']);
};
export const add = (key: string, n: number): Decision => ({ data }) =>
  draft('Added', ['inc', `/${key}`, 'sum', n, Number(data[key] ?? 0) + n]);

/** A command on one aggregate. */
export function on(ref: AggregateRef, decide: Decision, { eventId, expected, ...more }: More = {}): Command {
  return {
    aggregates: [ref],
    context: { actor: 'contract' },
    decide: ([state]) => {
      if (expected !== undefined && expected !== state!.version) {
        throw new ServiceError('VERSION_CONFLICT', 'another version', { currentVersion: state!.version });
      }
      return [[{ ...decide(state!), eventId }]];
    },
    ...(eventId === undefined ? {} : { publisherEvent: { eventId, sameAs: ({ type }) => type === decide(unborn(ref)).type } }),
    ...more,
  };
}

const refusal = (error: string, details?: object): object => expect.objectContaining({ error, ...(details && { details }) });
const versions = (events: readonly { version: number }[]): number[] => events.map(({ version }) => version);

/** What any event store promises, as jest tests. `open` is called once for each group of them. */
export function eventStoreContract(name: string, open: () => Promise<{ store: EventLog; close(): Promise<void> }>): void {
  const groups: [string, (store: () => EventLog) => void][] = [
    ['appends', appends], ['expected versions', expectations], ['several aggregates', severalAggregates],
    ['event ids', eventIds], ['receipts', receipts], ['deletion', deletion], ['reads', reads], ['limits', limits],
    ['concurrency', concurrency],
  ];
  describe.each(groups)(`event store ${name}: %s`, (_group, register) => {
    let opened: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());
    register(() => opened.store);
  });
}

function appends(store: () => EventLog): void {
  it('gives versions that are dense from 1 and tells what it appended', async () => {
    const ref = someone();
    const told: AppendedEvent[] = [];
    for (let i = 0; i < 5; i += 1) told.push(...(await store().execute(on(ref, add('n', 2)))).events);
    const stored = await store().readStream(ref, ALL);
    expect(versions(told)).toEqual([1, 2, 3, 4, 5]);
    expect(stored).toMatchObject(told);
    expect(told[4]!.ops).toEqual([['inc', '/n', 'sum', 2, 10]]);
    expect(await store().readState(ref)).toMatchObject({ ref, version: 5, deleted: false, data: '{"n":10}' });
  });

  it('takes several events of one command, each a version, all committed at once', async () => {
    const ref = someone();
    const decide = (): EventDraft[][] => [[set('a', 1)(unborn(ref)), set('b', 2)(unborn(ref)), set('a', 3)(unborn(ref))]];
    const { events } = await store().execute({ ...on(ref, set('a', 0)), decide });
    expect(versions(events)).toEqual([1, 2, 3]);
    expect(new Set(events.map(({ committedAt }) => committedAt.getTime())).size).toBe(1);
    expect((await store().readState(ref))!.data).toBe('{"a":3,"b":2}');
  });

  it('keeps who and what stands behind an event, and chains the events of an aggregate by their hashes', async () => {
    const ref = someone('guild');
    const [correlationId, causationId, playerId, sessionId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    const context = { actor: 'ä "b"', metadata: { x: [null, { y: '\n' }] }, correlationId, causationId, serverId: 's', playerId, sessionId };
    const receipt = { key: randomUUID(), fingerprint: 'f' };
    await store().execute(on(ref, set('~1', { '__proto__x': 1 }), { context, receipt }));
    await store().execute(on(ref, add('n', 1)));
    const [first, second] = await store().readStream(ref, ALL);
    expect(first).toMatchObject({ ref, context, commandKey: receipt.key, generation: 0, type: 'Set', schemaVersion: 1 });
    expect(first!.hash).toBe(rehash(unborn(ref).hash, first!));
    expect(second!.hash).toBe(rehash(first!.hash, second!));
    expect(second!.hlc > first!.hlc).toBe(true);
  });
}

function rehash(previous: string, event: StoredEvent): string {
  const { data, ops, context } = event;
  const text = {
    data: JSON.stringify(data), ops: JSON.stringify(ops), metadata: context.metadata && JSON.stringify(context.metadata),
  };
  return hashEvent(previous, { ...event, commandKey: event.commandKey, draft: event, text });
}

function expectations(store: () => EventLog): void {
  it('refuses what was decided for another version, tells the current one and changes nothing', async () => {
    const ref = someone();
    await store().execute(on(ref, set('a', 1), { expected: 0 }));
    const { position } = await store().head();
    for (const expected of [0, 2, 7]) {
      await expect(store().execute(on(ref, set('a', 2), { expected }))).rejects
        .toEqual(refusal('VERSION_CONFLICT', { currentVersion: 1 }));
    }
    expect(await store().readState(ref)).toMatchObject({ version: 1, data: '{"a":1}' });
    expect((await store().head()).position).toBe(position);
    expect((await store().execute(on(ref, set('a', 2), { expected: 1 }))).events[0]).toMatchObject({ version: 2 });
  });

  it('leaves nothing of an aggregate whose first command was refused', async () => {
    const ref = someone();
    await expect(store().execute(on(ref, remove))).rejects.toEqual(refusal('STATE_NOT_FOUND'));
    expect(await store().readState(ref)).toBeUndefined();
    expect(await store().readStream(ref, ALL)).toEqual([]);
  });
}

function severalAggregates(store: () => EventLog): void {
  const both = (refs: readonly AggregateRef[], decide: Command['decide']): Command =>
    ({ aggregates: refs, context: { actor: 'contract' }, decide });

  it('is all or nothing', async () => {
    const refs = [someone('guild'), someone(), someone()];
    const give = both(refs, (states) => states.map((state, i) => [add('n', i + 1)(state)]));
    expect(versions((await store().execute(give)).events)).toEqual([1, 1, 1]);
    const { position } = await store().head();
    const take = both(refs, (states) => states.map((state, i) => {
      if (i === 2) throw new ServiceError('RULE_VIOLATION', 'no');
      return [add('n', -1)(state)];
    }));
    await expect(store().execute(take)).rejects.toEqual(refusal('RULE_VIOLATION'));
    expect(await Promise.all(refs.map(async (ref) => (await store().readState(ref))?.data))).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect((await store().head()).position).toBe(position);
  });

  it('gives the states in the order of the aggregates, whatever that is', async () => {
    const refs = [someone('world'), someone('combat'), someone('guild')];
    await store().execute(both(refs, (states) => states.map((state) => [set('me', refKey(state.ref))(state)])));
    await store().execute(both([...refs].reverse(), (states) => states.map((state) => [set('saw', state.data['me']!)(state)])));
    for (const ref of refs) {
      expect((await store().readState(ref))!.data).toBe(JSON.stringify({ me: refKey(ref), saw: refKey(ref) }));
    }
  });

  it('is an error where an aggregate gets no event', async () => {
    const refs = [someone(), someone()];
    await expect(store().execute(both(refs, ([first]) => [[set('a', 1)(first!)], []]))).rejects.toThrow('no event');
    expect(await store().readState(refs[0]!)).toBeUndefined();
  });

  it('leaves nobody waiting behind a command that is refused', async () => {
    const [x, y] = [someone(), someone()];
    const broken = both([x, y], () => {
      throw new Error('broken');
    });
    const busy = store().execute(on(x, add('n', 1)));
    const all = [busy, store().execute(broken), store().execute(on(y, add('n', 1))), store().execute(on(x, add('n', 1)))];
    expect((await Promise.allSettled(all)).map(({ status }) => status))
      .toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });
}
