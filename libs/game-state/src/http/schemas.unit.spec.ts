import fc from 'fast-check';
import type { z } from 'zod';
import {
  AggregateParams, DeleteQuery, EventBatchRequest, EventPublishRequest, HistoryQuery, MAX_BATCH, NoQuery, StatePatch,
  StateQuery, StateUpdateRequest,
} from './schemas.js';

const ID = '62c2650a-2414-4f8c-82a4-b697cda36378';
const MAX = Number.MAX_SAFE_INTEGER;

/** What a schema makes of a value, or the paths it refuses it for. */
function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  return result.success ? result.data : { refused: result.error.issues.map(({ path }) => path.join('/')) };
}
const refusal = (...paths: string[]) => ({ refused: paths });

describe('AggregateParams', () => {
  it.each(['player', 'guild', 'world', 'economy', 'combat'])('takes a %s', (aggregateType) => {
    expect(parse(AggregateParams, { aggregateType, aggregateId: ID })).toEqual({ aggregateType, aggregateId: ID });
  });

  it('has one way to write an id', () => {
    expect(parse(AggregateParams, { aggregateType: 'player', aggregateId: ID.toUpperCase() }))
      .toEqual({ aggregateType: 'player', aggregateId: ID });
  });

  it.each([
    '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '01890a5d-ac96-774b-bcce-b302099a8057', '1ec9414c-232a-6b00-b3c8-9e6bdeced846',
    '12345678-1234-1234-1234-123456789012',
  ])('takes any version of UUID: %s', (id) => {
    expect(parse(AggregateParams, { aggregateType: 'world', aggregateId: id })).toMatchObject({ aggregateId: id });
  });

  it.each(['', '1', `${ID} `, `{${ID}}`, ID.replaceAll('-', ''), `urn:uuid:${ID}`, `${ID}\n`, ID.slice(1)])(
    'refuses the id %j', (aggregateId) => {
      expect(parse(AggregateParams, { aggregateType: 'player', aggregateId })).toEqual(refusal('aggregateId'));
    });

  it.each(['Player', 'players', '', '__proto__', 'constructor', 'toString'])('refuses the type %j', (aggregateType) => {
    expect(parse(AggregateParams, { aggregateType, aggregateId: ID })).toEqual(refusal('aggregateType'));
  });
});

describe('queries', () => {
  it.each<[string, z.ZodType, object, unknown]>([
    ['nothing', StateQuery, {}, {}],
    ['a version', StateQuery, { version: '7' }, { version: 7 }],
    ['the greatest version', StateQuery, { version: String(MAX) }, { version: MAX }],
    ['true', StateQuery, { includeEvents: 'true' }, { includeEvents: true }],
    ['false', StateQuery, { includeEvents: 'false' }, { includeEvents: false }],
    ['a bare flag', StateQuery, { includeEvents: '' }, { includeEvents: true }],
    ['a range', HistoryQuery, { fromVersion: '2', toVersion: '2' }, { fromVersion: 2, toVersion: 2 }],
    ['a limit', HistoryQuery, { limit: '1000' }, { limit: 1000 }],
    ['a cursor', HistoryQuery, { cursor: 'djox' }, { cursor: 'djox' }],
    ['an expected version', DeleteQuery, { expectedVersion: '1' }, { expectedVersion: 1 }],
    ['none', NoQuery, {}, {}],
  ])('take %s', (_name, schema, query, parsed) => {
    expect(parse(schema, query)).toEqual(parsed);
  });

  const schemas = { StateQuery, HistoryQuery, DeleteQuery, NoQuery };
  it.each<[keyof typeof schemas, object, string]>([
    ['StateQuery', { version: '0' }, 'version'], ['StateQuery', { version: '-1' }, 'version'],
    ['StateQuery', { version: '1.5' }, 'version'], ['StateQuery', { version: '1e3' }, 'version'],
    ['StateQuery', { version: '' }, 'version'], ['StateQuery', { version: ' 1' }, 'version'],
    ['StateQuery', { version: '0x1' }, 'version'], ['StateQuery', { version: '9007199254740992' }, 'version'],
    ['StateQuery', { version: ['1', '2'] }, 'version'], ['StateQuery', { version: '1\n' }, 'version'],
    ['StateQuery', { version: '٣' }, 'version'], ['StateQuery', { includeEvents: 'yes' }, 'includeEvents'],
    ['StateQuery', { includeEvents: 'TRUE' }, 'includeEvents'], ['StateQuery', { other: '1' }, ''],
    ['StateQuery', { at: '2026-01-01' }, 'at'], ['StateQuery', { at: '2026-01-01T00:00:00Z', version: '1' }, 'at'], ['HistoryQuery', { limit: '0' }, 'limit'],
    ['HistoryQuery', { limit: '1001' }, 'limit'], ['HistoryQuery', { cursor: 'x'.repeat(257) }, 'cursor'],
    ['HistoryQuery', { fromVersion: '3', toVersion: '2' }, 'fromVersion'],
    ['DeleteQuery', { expectedVersion: '0' }, 'expectedVersion'], ['DeleteQuery', { version: '1' }, ''],
    ['NoQuery', { a: '' }, ''],
  ])('refuse %s %j', (name, query, path) => {
    const { refused } = parse(schemas[name], query) as { refused: string[] };
    expect(new Set(refused)).toEqual(new Set([path]));
  });
});

describe('StateUpdateRequest', () => {
  const body = { changes: { a: 1 }, expectedVersion: 1 };

  it.each([
    [body], [{ ...body, expectedVersion: 0 }], [{ ...body, expectedVersion: MAX }], [{ ...body, metadata: {} }],
    [{ ...body, metadata: { any: [null] }, userId: ID }], [{ ...body, changes: { a: null } }],
  ])('takes %j as it is', (value) => {
    expect(parse(StateUpdateRequest, value)).toEqual(value);
  });

  it.each<[object, string]>([
    [{ changes: {} }, 'changes'], [{ changes: null }, 'changes'], [{ changes: [] }, 'changes'],
    [{ changes: 'a' }, 'changes'], [{ changes: undefined }, 'changes'],
    [{ expectedVersion: undefined }, 'expectedVersion'],
    [{ expectedVersion: -1 }, 'expectedVersion'], [{ expectedVersion: 1.5 }, 'expectedVersion'],
    [{ expectedVersion: '1' }, 'expectedVersion'], [{ expectedVersion: 2 ** 53 }, 'expectedVersion'],
    [{ expectedVersion: null }, 'expectedVersion'], [{ metadata: [] }, 'metadata'], [{ metadata: null }, 'metadata'],
    [{ userId: 'bob' }, 'userId'], [{ extra: 1 }, ''], [{ expected_version: 1 }, ''],
  ])('refuses %j', (wrong, path) => {
    const { refused } = parse(StateUpdateRequest, { ...body, ...wrong }) as { refused: string[] };
    expect(new Set(refused)).toEqual(new Set([path]));
  });

  it.each([[null], [[]], ['x'], [5], [undefined]])('refuses the body %j', (value) => {
    expect(parse(StateUpdateRequest, value)).toEqual(refusal(''));
    expect(parse(StatePatch, value)).toMatchObject({ refused: expect.arrayContaining(['']) });
  });
});

describe('StatePatch', () => {
  it('takes any object but an empty one', () => {
    expect(parse(StatePatch, { changes: 1 })).toEqual({ changes: 1 });
    expect(parse(StatePatch, {})).toEqual(refusal(''));
  });
});

describe('EventPublishRequest', () => {
  const event = { eventType: 'PlayerLevelUp', aggregateType: 'player', aggregateId: ID, eventData: { level: 2 } };

  it('takes the least and the most that may be said', () => {
    const most = {
      ...event, metadata: { a: 1 }, correlationId: ID, causationId: ID, eventId: ID, expectedVersion: 0, serverId: 's',
      playerId: ID, sessionId: ID, stateChanges: {},
    };
    expect(parse(EventPublishRequest, event)).toEqual(event);
    expect(parse(EventPublishRequest, { ...event, eventData: {} })).toEqual({ ...event, eventData: {} });
    expect(parse(EventPublishRequest, most)).toEqual(most);
  });

  it('has one way to write each id', () => {
    const upper = ID.toUpperCase();
    const ids = ['aggregateId', 'eventId', 'correlationId', 'causationId', 'playerId', 'sessionId'];
    expect(parse(EventPublishRequest, { ...event, ...Object.fromEntries(ids.map((name) => [name, upper])) }))
      .toEqual({ ...event, ...Object.fromEntries(ids.map((name) => [name, ID])) });
  });

  it.each(['A', 'state.changed', 'a:b/c-d', 'x'.repeat(128), 'StateUpdated', '0'])('takes the type %j', (eventType) => {
    expect(parse(EventPublishRequest, { ...event, eventType })).toMatchObject({ eventType });
  });

  it.each(['', ' ', 'a b', '.a', '-a', 'ä', 'x'.repeat(129), 'a\n', 'StateDeleted', 'a"b', '<b>'])(
    'refuses the type %j', (eventType) => {
      expect(parse(EventPublishRequest, { ...event, eventType })).toEqual(refusal('eventType'));
    });

  it.each<[object, string]>([
    [{ eventData: null }, 'eventData'], [{ eventData: [] }, 'eventData'], [{ eventData: undefined }, 'eventData'],
    [{ aggregateType: 'npc' }, 'aggregateType'], [{ eventId: '1' }, 'eventId'],
    [{ expectedVersion: -1 }, 'expectedVersion'], [{ serverId: '' }, 'serverId'],
    [{ serverId: 'x'.repeat(129) }, 'serverId'], [{ stateChanges: null }, 'stateChanges'],
    [{ playerId: 7 }, 'playerId'], [{ timestamp: 'now' }, ''],
  ])('refuses %j', (wrong, path) => {
    expect(parse(EventPublishRequest, { ...event, ...wrong })).toEqual(refusal(path));
  });
});

describe('EventBatchRequest', () => {
  it('takes 1 to 500 items and looks at none', () => {
    expect(parse(EventBatchRequest, { events: [null] })).toEqual({ events: [null] });
    expect(EventBatchRequest.safeParse({ events: Array.from({ length: MAX_BATCH }) }).success).toBe(true);
    expect(parse(EventBatchRequest, { events: [] })).toEqual(refusal('events'));
    expect(parse(EventBatchRequest, { events: Array.from({ length: MAX_BATCH + 1 }) })).toEqual(refusal('events'));
    expect(parse(EventBatchRequest, [])).toEqual(refusal(''));
    expect(parse(EventBatchRequest, { events: [1], more: 1 })).toEqual(refusal(''));
  });
});

describe('every schema', () => {
  it('has a verdict on any value, and its own output passes it again', () => {
    const key = fc.constantFrom(
      'changes', 'expectedVersion', 'eventType', 'aggregateType', 'aggregateId', 'eventData', 'events', 'metadata');
    const body = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.constantFrom('player', ID, 1)));
    for (const schema of [StateUpdateRequest, StatePatch, EventPublishRequest, EventBatchRequest]) {
      fc.assert(fc.property(fc.oneof(fc.jsonValue(), body), (value) => {
        const first = schema.safeParse(value);
        if (first.success) expect(schema.parse(first.data)).toEqual(first.data);
        else expect(first.error.issues.length).toBeGreaterThan(0);
      }));
    }
  });
});
