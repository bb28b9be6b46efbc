import { type AggregateSnapshot, EMPTY_FOLD, type EventDraft, fold, type JsonObject, type Op } from '@app/kernel';
import { type Decided, givenFor } from '@app/testing';
import { decide, type StateCommand, type VersionDemand } from './decide.js';
import { DEFINITIONS } from './definitions/index.js';

const ref = { type: 'player', id: '62c2650a-2414-4f8c-82a4-b697cda36378' };
const initial: AggregateSnapshot = { ...EMPTY_FOLD, ref, version: 0, hash: '', hlc: 0n };

const given = givenFor<AggregateSnapshot, StateCommand, EventDraft>({
  initial,
  decide: (state, command) => [decide(state, command, DEFINITIONS.player)],
  evolve: (state, { ops }) => ({ ...state, ...fold(state, ops, state.version + 1), version: state.version + 1 }),
});

function event(type: string, data: JsonObject, ops: readonly Op[]): EventDraft {
  return { type, schemaVersion: 1, data, ops };
}

const created = event('StateUpdated', { gold: 10 }, [['set', '/gold', 'bcounter', 10]]);
const earned = event('StatePatched', { gold: { $inc: 5 } }, [['inc', '/gold', 'bcounter', 5, 15]]);
const deleted = event('StateDeleted', {}, [['del']]);

const LIVES = {
  unborn: { history: [], version: 0 },
  live: { history: [created, earned, earned], version: 3 },
  deleted: { history: [created, earned, deleted], version: 3 },
} as const;
const OTHER = 7;

const changes = { name: 'Ada' };
const named: readonly Op[] = [['set', '/name', 'lww', 'Ada']];
const KINDS = {
  update: { command: { kind: 'update', changes }, makes: event('StateUpdated', changes, named) },
  patch: { command: { kind: 'patch', changes }, makes: event('StatePatched', changes, named) },
  delete: { command: { kind: 'delete' }, makes: deleted },
  publish: {
    command: { kind: 'publish', event: { eventType: 'PlayerRenamed', eventData: changes } },
    makes: event('PlayerRenamed', changes, named),
  },
} as const;

type Kind = keyof typeof KINDS;
type Life = keyof typeof LIVES;

/**
 * What the contract answers. Rows: expectedVersion; columns: If-Match. Where both miss, If-Match is looked at first; no
 * precondition counts where the answer would be a 404 without it (RFC 9110, 13.2.1).
 */
const WHOEVER_COMES_FIRST = { // update and publish create and revive
  unborn: `
           none  *    equal other
    none   ok    412  412   412
    0      ok    412  412   412
    equal  ok    412  412   412
    other  404   404  404   404`,
  live: `
           none  *    equal other
    none   ok    ok   ok    412
    0      409   409  409   412
    equal  ok    ok   ok    412
    other  409   409  409   412`,
  deleted: `
           none  *    equal other
    none   ok    412  ok    412
    0      ok    412  ok    412
    equal  ok    412  ok    412
    other  409   412  409   412`,
};
const GONE = `
           none  *    equal other
    none   404   404  404   404
    0      404   404  404   404
    equal  404   404  404   404
    other  404   404  404   404`;
const WHO_IS_THERE = { unborn: GONE, live: WHOEVER_COMES_FIRST.live, deleted: GONE }; // patch and delete

const ANSWERS: Record<Kind, Record<Life, string>> = {
  update: WHOEVER_COMES_FIRST, publish: WHOEVER_COMES_FIRST, patch: WHO_IS_THERE, delete: WHO_IS_THERE,
};

interface Case {
  readonly kind: Kind;
  readonly life: Life;
  readonly expected: string;
  readonly ifMatch: string;
  readonly answer: string;
}

const LIFE_NAMES = Object.keys(LIVES) as Life[];
const CASES: Case[] = (Object.keys(KINDS) as Kind[]).flatMap((kind) => LIFE_NAMES.flatMap((life) => {
  const [columns, ...rows] = ANSWERS[kind][life].trim().split('\n').map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([expected, ...answers]) =>
    answers.map((answer, i) => ({ kind, life, expected: expected!, ifMatch: columns![i]!, answer })));
}));

function demand(at: number, { expected, ifMatch }: Case): VersionDemand {
  const version: Record<string, number | undefined> = { 'none': undefined, '0': 0, 'equal': at, 'other': OTHER };
  return { expectedVersion: version[expected], ifMatch: ifMatch === '*' ? '*' : version[ifMatch] };
}

describe('decide by kind, life, expectedVersion and If-Match', () => {
  it('is told of every combination', () => {
    expect(CASES).toHaveLength(4 * 3 * 4 * 4);
  });

  it.each(CASES)('$kind, $life, expectedVersion $expected, If-Match $ifMatch: $answer', (each) => {
    const { history, version } = LIVES[each.life];
    const { command, makes } = KINDS[each.kind];
    const demanded = demand(version, each);
    const outcome: Decided<AggregateSnapshot, EventDraft> = given(...history).when({ ...command, ...demanded });
    switch (each.answer) {
      case 'ok':
        return outcome.then(makes);
      case '404':
        return outcome.thenRefused({
          error: 'STATE_NOT_FOUND', details: each.life === 'deleted' ? { deletedAtVersion: version } : undefined,
        });
      case '409':
        return outcome.thenRefused({
          error: 'VERSION_CONFLICT', details: { currentVersion: version, expectedVersion: demanded.expectedVersion },
        });
      case '412':
        return outcome.thenRefused({ error: 'PRECONDITION_FAILED', details: { currentVersion: version } });
      default:
        throw new Error(`no such answer: ${each.answer}`);
    }
  });
});

describe('decide', () => {
  const update = (what: JsonObject): StateCommand => ({ kind: 'update', changes: what });
  const publish = (eventData: JsonObject, more: object = {}): StateCommand =>
    ({ kind: 'publish', event: { eventType: 'CurrencyEarned', eventData, ...more } });

  it('creates with version 1', () => {
    given().when({ ...update({ gold: 3 }), expectedVersion: 0 })
      .thenState({ version: 1, data: { gold: 3 }, deleted: false });
  });

  it('moves the version by one for an update that changes nothing', () => {
    given(created).when(update({ gold: 10 })).then(created);
    given(created).when(update({ gold: 10 })).thenState({ version: 2, data: { gold: 10 } });
  });

  it('keeps the input as the data of the event and resolves increments in its ops', () => {
    given(created).when({ kind: 'patch', changes: { gold: { $inc: 5 } } }).then(earned);
  });

  it('leaves a tombstone of the next version and generation', () => {
    given(created, earned).when({ kind: 'delete' }).thenState({ version: 3, deleted: true, data: {}, generation: 1 });
  });

  it('revives from nothing and goes on with the versions', () => {
    given(created, deleted).when({ ...update({ name: 'Bo' }), expectedVersion: 0 })
      .thenState({ version: 3, deleted: false, data: { name: 'Bo' }, generation: 1 });
    given(created, deleted).when(publish({ gold: { $inc: 1 } })).thenState({ version: 3, data: { gold: 1 } });
    given(created, deleted).when(publish({})).thenState({ version: 3, data: {}, deleted: false });
  });

  it('keeps the id that the publisher gave', () => {
    const eventId = '2f7de1de-5620-47a3-82af-234aec9417bc';
    given().when(publish({ gold: 1 }, { eventId })).then({
      eventId, ...event('CurrencyEarned', { gold: 1 }, [['set', '/gold', 'bcounter', 1]]),
    });
  });

  it('folds stateChanges where they are given, else the data of the event, also for a type that is not defined', () => {
    const effect: readonly Op[] = [['inc', '/gold', 'bcounter', 2, 12]];
    given(created).when(publish({ from: 'quest' }, { stateChanges: { gold: { $inc: 2 } } }))
      .then(event('CurrencyEarned', { from: 'quest' }, effect));
    given(created).when({ kind: 'publish', event: { eventType: 'Whatever', eventData: { gold: { $inc: 2 } } } })
      .then(event('Whatever', { gold: { $inc: 2 } }, effect));
    given(created).when(publish({ from: 'quest' }, { stateChanges: {} }))
      .then(event('CurrencyEarned', { from: 'quest' }, []));
  });

  it.each<[string, JsonObject, object]>([
    ['a value out of bounds', { gold: { $inc: -11 } }, { error: 'RULE_VIOLATION', status: 422 }],
    ['a value of another kind', { gold: 'much' }, { error: 'RULE_VIOLATION', status: 422 }],
    ['an increment of what is no number', { gold: 1, name: { $inc: 1 } }, { error: 'INVALID_OPERATION', status: 422 }],
    ['a malformed increment', { gold: { $inc: 0.5 } }, { error: 'VALIDATION_ERROR', status: 400 }],
  ])('refuses %s in every kind of change', (_name, what, refusal) => {
    const before = [created, event('StatePatched', changes, named)];
    given(...before).when(update(what)).thenRefused(refusal);
    given(...before).when({ kind: 'patch', changes: what }).thenRefused(refusal);
    given(...before).when(publish(what)).thenRefused(refusal);
    given(...before).when(publish({}, { stateChanges: what })).thenRefused(refusal);
  });

  it('looks at the version before the changes', () => {
    given(created).when({ ...update({ gold: -1 }), expectedVersion: 9 }).thenRefused({ error: 'VERSION_CONFLICT' });
  });
});
