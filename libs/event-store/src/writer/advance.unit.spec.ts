import { createHash } from 'node:crypto';
import {
  type AggregateSnapshot, type EventContext, type EventDraft, fold, hlcToMs, type Json, type JsonObject,
} from '@app/kernel';
import fc from 'fast-check';
import { CHAIN_START, type EventRecord, EventSource, freeze, hashEvent, PARTITION, unborn } from './advance.js';

const ref = { type: 'player', id: '62c2650a-2414-4f8c-82a4-b697cda36378' };
const draft: EventDraft = {
  type: 'CurrencyEarned', schemaVersion: 1, data: { gold: { $inc: 5 } }, ops: [['inc', '/gold', 'bcounter', 5, 5]],
};
const context: EventContext = {
  actor: 'arena-1', metadata: { a: 1 }, serverId: 's1', correlationId: '11111111-1111-4111-8111-111111111111',
  causationId: '22222222-2222-4222-8222-222222222222', playerId: '33333333-3333-4333-8333-333333333333',
  sessionId: '44444444-4444-4444-8444-444444444444',
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** An event with something in every column. */
const full: Omit<EventRecord, 'hash'> = {
  partition: 0, eventId: '55555555-5555-4555-8555-555555555555', ref, generation: 2, version: 7, draft, context,
  commandKey: 'key', origin: 'eu', hlc: 115605504000000001n,
  text: { data: '{"gold":{"$inc":5}}', ops: '[["inc","/gold","bcounter",5,5]]', metadata: '{"a":1}' },
};
const PREVIOUS = 'ab'.repeat(32);

/** Hashed as their text; the id of the draft is the event's. */
const BY_OTHER_NAME = ['draft.data', 'draft.ops', 'draft.eventId', 'context.metadata'];

type Path = readonly string[];

function leaves(value: object, above: Path = []): Path[] {
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const path = [...above, key];
    if (BY_OTHER_NAME.includes(path.join('.'))) return [];
    return typeof child === 'object' && child !== null ? leaves(child, path) : [path];
  });
}

function changed<T>(value: T, [key, ...rest]: Path): T {
  if (key === undefined) {
    if (typeof value === 'bigint') return (value + 1n) as T;
    return (typeof value === 'number' ? value + 1 : `${String(value)}x`) as T;
  }
  return { ...value, [key]: changed((value as Record<string, unknown>)[key], rest) };
}

describe('hashEvent', () => {
  const hash = hashEvent(PREVIOUS, full);

  it('is SHA-256 over the previous hash, the columns and the stored texts, as in the first log ever written', () => {
    const header = '[0,"55555555-5555-4555-8555-555555555555","player","62c2650a-2414-4f8c-82a4-b697cda36378",2,7,' +
      '"CurrencyEarned",1,"arena-1","key","11111111-1111-4111-8111-111111111111",' +
      '"22222222-2222-4222-8222-222222222222","s1","33333333-3333-4333-8333-333333333333",' +
      '"44444444-4444-4444-8444-444444444444","eu","115605504000000001"]';
    const text = [PREVIOUS, header, '{"gold":{"$inc":5}}', '[["inc","/gold","bcounter",5,5]]', '{"a":1}'].join('\n');
    expect(hash).toBe(sha256(text));
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(leaves(full).map((path): [string, Path] => [path.join('.'), path]))('changes with %s', (_name, path) => {
    expect(hashEvent(PREVIOUS, changed(full, path))).not.toBe(hash);
  });

  it('changes with the event before it', () => {
    expect(hashEvent(CHAIN_START, full)).not.toBe(hash);
  });

  it.each<[string, Partial<Omit<EventRecord, 'hash'>>]>([
    ['key', { commandKey: undefined }], ['metadata', { text: { ...full.text, metadata: undefined } }],
    ['correlation', { context: { ...context, correlationId: undefined } }],
    ['server', { context: { ...context, serverId: undefined } }],
  ])('tells a %s that is absent from one that is there', (_name, absent) => {
    expect(hashEvent(PREVIOUS, { ...full, ...absent })).not.toBe(hash);
  });

  it('tells columns apart that hold the same', () => {
    const { correlationId, causationId, ...rest } = context;
    const of = (more: Partial<EventContext>) => hashEvent(PREVIOUS, { ...full, context: { ...rest, ...more } });
    expect(of({ correlationId })).not.toBe(of({ causationId: correlationId }));
    const [a, b] = [correlationId, causationId];
    expect(of({ playerId: a, sessionId: b })).not.toBe(of({ playerId: b, sessionId: a }));
    const text = (data: string, ops: string) => hashEvent(PREVIOUS, { ...full, text: { ...full.text, data, ops } });
    expect(text('[]', '{}')).not.toBe(text('{}', '[]'));
    expect(text('"a\\nb"', '[]')).not.toBe(text('"a"', 'nb[]'));
  });
});

describe('advance', () => {
  const at = (ms: number) => new EventSource('eu', () => ms);
  const NOW = 1_764_000_000_000;

  it('makes the event and the state after it, and leaves the state before alone', () => {
    const before = Object.freeze(unborn(ref));
    const { event, state } = at(NOW).advance(before, draft, context, 'key');
    expect(event).toMatchObject({
      partition: PARTITION, ref, generation: 0, version: 1, draft, context, commandKey: 'key', origin: 'eu',
      text: { data: JSON.stringify(draft.data), ops: JSON.stringify(draft.ops), metadata: '{"a":1}' },
    });
    expect(event.hash).toBe(hashEvent(CHAIN_START, event));
    expect(state).toEqual({ ...fold(before, draft.ops, 1), ref, version: 1, hash: event.hash, hlc: event.hlc });
    expect(before).toEqual({
      ref, version: 0, data: {}, clocks: {}, generation: 0, deleted: false, hash: '0'.repeat(64), hlc: 0n,
    });
  });

  it('keeps the id that was given and else makes one of the time (UUIDv7)', () => {
    const eventId = '2f7de1de-5620-47a3-82af-234aec9417bc';
    expect(at(NOW).advance(unborn(ref), { ...draft, eventId }, context).event.eventId).toBe(eventId);
    const made = at(NOW).advance(unborn(ref), draft, context).event.eventId;
    expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(made.replaceAll('-', '').slice(0, 12), 16)).toBe(NOW);
  });

  it('has no metadata where there is none', () => {
    expect(at(NOW).advance(unborn(ref), draft, { actor: 'x' }).event.text.metadata).toBeUndefined();
  });

  it('counts versions and chains hashes on, and a generation for each deletion', () => {
    const source = at(NOW);
    const drafts = [draft, { ...draft, type: 'StateDeleted', ops: [['del']] }, draft, draft] as const;
    let state = unborn(ref);
    const events = drafts.map((each) => {
      const step = source.advance(state, each, context);
      expect(step.event.hash).toBe(hashEvent(state.hash, step.event));
      state = step.state;
      return step.event;
    });
    expect(events.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    expect(events.map(({ generation }) => generation)).toEqual([0, 1, 1, 1]);
    expect(new Set(events.map(({ hash }) => hash)).size).toBe(4);
    expect(state).toMatchObject({ version: 4, generation: 1, deleted: false, data: { gold: 10 } });
  });

  it('gives every event a later clock than the one before it and its aggregate had, whatever the wall says', () => {
    const ms = fc.integer({ min: NOW - 10_000, max: NOW + 10_000 });
    fc.assert(fc.property(fc.array(fc.tuple(ms, fc.nat(2), ms), { minLength: 1 }), (turns) => {
      let wall = NOW;
      const source = new EventSource('eu', () => wall);
      const states: AggregateSnapshot[] = [0, 1, 2].map(() => unborn(ref));
      let last = 0n;
      for (const [now, which, elsewhere] of turns) {
        wall = now;
        // Another instance, whose clock is another one, may have written meanwhile.
        const heard = BigInt(elsewhere) << 16n;
        const before = states[which]!.hlc > heard ? states[which]! : { ...states[which]!, hlc: heard };
        const { event, state } = source.advance(before, draft, context);
        expect(event.hlc > last && event.hlc > before.hlc && hlcToMs(event.hlc) >= now).toBe(true);
        last = event.hlc;
        states[which] = state;
      }
    }));
  });
});

describe('freeze', () => {
  const state = (data: JsonObject, clocks: AggregateSnapshot['clocks'] = {}): AggregateSnapshot =>
    ({ ...unborn(ref), data, clocks });

  it('writes canonical JSON (RFC 8785) and its SHA-256', () => {
    const { data, checksum, clocks } = freeze(state(
      { 'b': 1e21, 'a': { '€': 'ö', '\r': -0, '1': [true, null, 0.000001] } }, { z: [1, { y: 2 }], a: 3 }));
    expect(data).toBe('{"a":{"\\r":0,"1":[true,null,0.000001],"€":"ö"},"b":1e+21}');
    expect(checksum).toBe(sha256(data));
    expect(clocks).toBe('{"a":3,"z":[1,{"y":2}]}');
  });

  it('writes the same bytes whatever the order of keys, and nothing is lost', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const json = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('json'), { maxKeys: 4, noNullPrototype: true })),
    })).json;
    fc.assert(fc.property(fc.dictionary(fc.string(), json, { noNullPrototype: true }), (data) => {
      const { data: text, checksum } = freeze(state(data));
      expect(freeze(state(reversed(data) as JsonObject))).toMatchObject({ data: text, checksum });
      expect(freeze(state(JSON.parse(text) as JsonObject)).data).toBe(text);
      expect(JSON.parse(text)).toEqual(data);
    }));
  });
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, child]) => [key, reversed(child)]));
}
