import { randomUUID } from 'node:crypto';
import { type AppendedEvent, freeze, hashEvent, MAX_STATE_BYTES, unborn } from '@app/event-store';
import { type AggregateRef, EMPTY_FOLD, fold, type FoldState, type JsonObject, refKey, type StoredEvent } from '@app/kernel';
import { add, type Decision, on, onAll, refusal, remove, set, someone, type Store } from './event-store-commands.js';
import { eventIds, receipts } from './event-store-idempotency.js';
import { races, randomCommands } from './event-store-races.js';
import type { EventLog } from './in-memory-event-store.js';

const ALL = { from: 1, to: 1_000_000, limit: 10_000 };

const versions = (events: readonly { version: number }[]): number[] => events.map(({ version }) => version);

/** A store with nothing in it that the tests have to themselves. */
export interface OpenedStore {
  readonly store: EventLog;
  close(): Promise<void>;
}

/** What any event store promises, as jest tests. `open` is called once for each group of them. */
export function eventStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  const groups: [string, (store: Store) => void][] = [
    ['appends', appends], ['expected versions', expectations], ['several aggregates', severalAggregates],
    ['event ids', eventIds], ['receipts', receipts], ['deletion', deletion], ['memory', memory], ['reads', reads], ['size', size],
    ['races', races], ['random commands', randomCommands],
  ];
  describe.each(groups)(`event store ${name}: %s`, (_group, register) => {
    let opened: OpenedStore;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());
    register(() => opened.store);
  });
}

function appends(store: Store): void {
  it('gives versions that are dense from 1 and tells what it appended', async () => {
    const ref = someone();
    const told: AppendedEvent[] = [];
    for (let i = 0; i < 5; i += 1) told.push(...(await store().execute(on(ref, add('n', 2)))).events);
    expect(versions(told)).toEqual([1, 2, 3, 4, 5]);
    expect(await store().readStream(ref, ALL)).toMatchObject(told);
    expect(told[4]!.ops).toEqual([['inc', '/n', 'sum', 2, 10]]);
    expect(await store().readState(ref)).toMatchObject({ ref, version: 5, deleted: false, data: '{"n":10}' });
  });

  it('takes several events of one command, each a version, all committed at once', async () => {
    const ref = someone();
    const drafts = [set('b', 1), set('a', 2), set('b', 3)].map((decision) => decision(unborn(ref)));
    const { events } = await store().execute({ ...on(ref, set('a', 0)), decide: () => [drafts] });
    expect(versions(events)).toEqual([1, 2, 3]);
    expect(new Set(events.map(({ committedAt }) => committedAt.getTime())).size).toBe(1);
    expect((await store().readState(ref))!.data).toBe('{"a":2,"b":3}');
  });

  it('keeps who and what stands behind an event, and chains the events of an aggregate by their hashes', async () => {
    const ref = someone('guild');
    const [correlationId, causationId, playerId, sessionId] = Array.from({ length: 4 }, () => randomUUID());
    const metadata = { x: [null, { y: 'a\nb', 7: 1.5 }] };
    const context = { actor: 'ä "b"', metadata, correlationId, causationId, serverId: 's', playerId, sessionId };
    const receipt = { key: randomUUID(), fingerprint: 'f' };
    await store().execute(on(ref, set('~1/', { z: 1, a: [] }), { context, receipt }));
    await store().execute(on(ref, add('n', 1)));
    const [first, second] = await store().readStream(ref, ALL);
    expect(first).toMatchObject({ ref, context, commandKey: receipt.key, generation: 0, type: 'Set' });
    expect([first!.hash, second!.hash]).toEqual([rehash(unborn(ref).hash, first!), rehash(first!.hash, second!)]);
    expect(second!.hlc > first!.hlc).toBe(true);
  });
}

function rehash(previous: string, event: StoredEvent): string {
  const { data, ops, context: { metadata } } = event;
  const text = { data: JSON.stringify(data), ops: JSON.stringify(ops), metadata: metadata && JSON.stringify(metadata) };
  return hashEvent(previous, { ...event, commandKey: event.commandKey, draft: event, text });
}

function expectations(store: Store): void {
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

function severalAggregates(store: Store): void {
  const data = (refs: readonly AggregateRef[]) =>
    Promise.all(refs.map(async (ref) => (await store().readState(ref))?.data));

  it('are changed all or not at all', async () => {
    const refs = [someone('guild'), someone(), someone()];
    expect(versions((await store().execute(onAll(refs, (state, i) => add('n', i)(state)))).events)).toEqual([1, 1, 1]);
    const { position } = await store().head();
    const refused = onAll(refs, (state, i) => (i === 2 ? remove(unborn(state.ref)) : add('n', 5)(state)));
    await expect(store().execute(refused)).rejects.toEqual(refusal('STATE_NOT_FOUND'));
    expect(await data(refs)).toEqual(['{"n":0}', '{"n":1}', '{"n":2}']);
    expect((await store().head()).position).toBe(position);
  });

  it('come to the decision in the order in which they were named', async () => {
    const refs = [someone('world'), someone('combat'), someone('guild')];
    await store().execute(onAll(refs, (state, i) => set('is', `${i} ${refKey(state.ref)}`)(state)));
    await store().execute(onAll([...refs].reverse(), (state, i) => set('was', [2 - i, state.data['is']!])(state)));
    expect(await data(refs)).toEqual(refs.map((ref, i) => {
      const is = `${i} ${refKey(ref)}`;
      return JSON.stringify({ is, was: [i, is] });
    }));
  });

  it('must each get an event', async () => {
    const refs = [someone(), someone()];
    const command = { ...onAll(refs, add('n', 1)), decide: () => [[set('a', 1)(unborn(refs[0]!))], []] };
    await expect(store().execute(command)).rejects.toThrow('no event');
    expect(await data(refs)).toEqual([undefined, undefined]);
  });

  it('are free for the next one when a command on them failed', async () => {
    const [x, y] = [someone(), someone()];
    const broken = onAll([x, y], () => {
      throw new Error('broken');
    });
    const settled = await Promise.allSettled(
      [on(x, add('n', 1)), broken, on(y, add('n', 1)), on(x, add('n', 1))].map((command) => store().execute(command)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await data([x, y])).toEqual(['{"n":2}', '{"n":1}']);
  });
}

function deletion(store: Store): void {
  it('leaves a tombstone, and a revival starts from nothing in the next generation while versions go on', async () => {
    const ref = someone();
    const decisions = [add('n', 1), remove, add('m', 1), remove, set('k', 1)];
    for (const decision of decisions) await store().execute(on(ref, decision));
    const events = await store().readStream(ref, ALL);
    expect(versions(events)).toEqual([1, 2, 3, 4, 5]);
    expect(events.map(({ generation }) => generation)).toEqual([0, 1, 1, 2, 2]);
    expect(await store().readState(ref)).toMatchObject({ version: 5, deleted: false, data: '{"k":1}' });
    expect(await store().readStateAt(ref, 4)).toMatchObject({ version: 4, deleted: true, data: '{}' });
    expect(await store().readStateAt(ref, 3)).toMatchObject({ version: 3, deleted: false, data: '{"m":1}' });
  });
}

function memory(store: Store): void {
  const found = async (ref: AggregateRef): Promise<JsonObject | undefined> => {
    let seen: JsonObject | undefined;
    await store().execute(on(ref, (state) => {
      seen = state.memory;
      return set('looked', true)(state);
    }));
    return seen;
  };
  const leave = (note: JsonObject): Decision => (state) => ({ ...add('n', 1)(state), memory: note });

  it('is found at the next decision, stays until another is left, and is none at first', async () => {
    const ref = someone();
    expect(await found(ref)).toBeUndefined();
    const note = { window: [1, 2.5, 'ü"\\', null], of: { gold: { n: -1 } } };
    await store().execute(on(ref, leave(note)));
    expect(await found(ref)).toEqual(note);
    await store().execute(on(ref, remove));
    expect(await found(ref)).toEqual(note);
    await store().execute(on(ref, leave({})));
    expect(await found(ref)).toEqual({});
  });

  it('of several drafts is that of the last one that has any, for each aggregate its own', async () => {
    const refs = [someone(), someone('guild'), someone()];
    await store().execute({
      ...onAll(refs, add('n', 1)),
      decide: (states) => states.map((state, i) => [
        leave({ first: i })(state), ...(i === 2 ? [] : [leave({ second: i })(state)]), set('last', i)(state),
      ]),
    });
    expect(await Promise.all(refs.map(found))).toEqual([{ second: 0 }, { second: 1 }, { first: 2 }]);
  });

  it('is passed on from one command to the next when they come at once', async () => {
    const ref = someone();
    const count: Decision = (state) => leave({ count: Number(state.memory?.['count'] ?? 0) + 1 })(state);
    await Promise.all(Array.from({ length: 100 }, () => store().execute(on(ref, count))));
    expect(await found(ref)).toEqual({ count: 100 });
  });

  it('is no part of the state, its checksum or its hash, and is not left by a command that is refused', async () => {
    const ref = someone();
    await store().execute(on(ref, leave({ note: 1 })));
    const refused = on(ref, leave({ note: 2 }), { expected: 7 });
    await expect(store().execute(refused)).rejects.toEqual(refusal('VERSION_CONFLICT'));
    const { data, checksum } = freeze({ ...EMPTY_FOLD, data: { n: 1 } });
    expect(await store().readState(ref)).toMatchObject({ data, checksum });
    const [event] = await store().readStream(ref, ALL);
    expect(event!.hash).toBe(rehash(unborn(ref).hash, event!));
    expect(await found(ref)).toEqual({ note: 1 });
  });
}

function reads(store: Store): void {
  it('give the state after each version as the fold of the events up to it', async () => {
    const ref = someone();
    for (let i = 1; i <= 12; i += 1) await store().execute(on(ref, i % 5 === 0 ? remove : set(`k${i % 3}`, { i })));
    let state: FoldState = EMPTY_FOLD;
    for (const { version, ops, committedAt, position } of await store().readStream(ref, ALL)) {
      state = fold(state, ops, version);
      const { data, checksum } = freeze(state);
      expect(await store().readStateAt(ref, version))
        .toEqual({ ref, version, deleted: state.deleted, data, checksum, lastModified: committedAt, position });
    }
    expect(await store().readState(ref)).toEqual(await store().readStateAt(ref, 12));
    for (const none of [0, 13]) expect(await store().readStateAt(ref, none)).toBeUndefined();
    expect(await store().readStateAt(someone(), 1)).toBeUndefined();
  });

  it('give a part of a stream, both ends included', async () => {
    const ref = someone();
    for (let i = 1; i <= 6; i += 1) await store().execute(on(ref, add('n', 1)));
    const part = async (from: number, to: number, limit: number) =>
      versions(await store().readStream(ref, { from, to, limit }));
    expect(await part(2, 4, 9)).toEqual([2, 3, 4]);
    expect(await part(1, 9, 2)).toEqual([1, 2]);
    expect(await part(6, 6, 1)).toEqual([6]);
    expect(await part(7, 9, 9)).toEqual([]);
    expect(await part(4, 2, 9)).toEqual([]);
  });

  it('give the log in commit order without a gap', async () => {
    const start = await store().head();
    const refs = Array.from({ length: 20 }, () => someone());
    const commands = [...refs, ...refs, ...refs].map((ref) => on(ref, add('n', 1)));
    const outcomes = await Promise.all(commands.map((command) => store().execute(command)));
    const end = await store().head();
    const log = await store().readLog(start.position, 1000);
    expect(end).toEqual({ epoch: start.epoch, position: start.position + 60 });
    expect(log.map(({ position }) => position)).toEqual(Array.from({ length: 60 }, (_, i) => start.position + 1 + i));
    const times = log.map(({ committedAt }) => committedAt.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const { events: [told] } of outcomes) {
      expect(log[told!.position - start.position - 1]).toMatchObject({ ...told });
    }
    for (const ref of refs) expect(versions(log.filter((event) => event.ref.id === ref.id))).toEqual([1, 2, 3]);
    expect(await store().readLog(start.position + 10, 5)).toEqual(log.slice(10, 15));
    expect(await store().readLog(end.position, 5)).toEqual([]);
  });
}

function size(store: Store): void {
  const tooLarge = refusal('INVALID_OPERATION', { maxStateBytes: MAX_STATE_BYTES });
  const room = MAX_STATE_BYTES - '{"n":10,"x":""}'.length;

  it('of a state is bounded, and what would pass the bound is refused alone', async () => {
    const [ref, other] = [someone(), someone()];
    await store().execute(on(ref, add('n', 10)));
    await store().execute(on(ref, set('x', 'x'.repeat(room))));
    const commands = [
      on(ref, set('x', 'x'.repeat(room + 1))), on(ref, add('n', 1)), on(ref, add('n', 90)), on(other, add('n', 1)),
      on(ref, set('x', 'y'.repeat(room))),
    ];
    const settled = await Promise.allSettled(commands.map((command) => store().execute(command)));
    expect(settled.map((each) => (each.status === 'rejected' ? each.reason as unknown : 'stored')))
      .toEqual([tooLarge, 'stored', tooLarge, 'stored', 'stored']);
    expect(Buffer.byteLength((await store().readState(ref))!.data)).toBe(MAX_STATE_BYTES);
  });

  it('counts in bytes', async () => {
    await expect(store().execute(on(someone(), set('x', '€'.repeat(room / 2))))).rejects.toEqual(tooLarge);
  });

  it('does not keep a repeated command from its first answer', async () => {
    const ref = someone();
    const half = on(ref, set('a', 'x'.repeat(room / 2)), { receipt: { key: randomUUID(), fingerprint: 'f' } });
    const first = await store().execute(half);
    await store().execute(on(ref, set('a', '')));
    await store().execute(on(ref, set('b', 'x'.repeat(room / 2 + 100))));
    expect(await store().execute(half)).toEqual({ ...first, duplicate: true });
  });
}
