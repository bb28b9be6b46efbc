import fc from 'fast-check';
import { fresh, type Service, startService } from './support/service.js';

type Data = { [key: string]: unknown };
/** The state after an event; null: deleted. */
type State = Data | null;
type Step = { readonly kind: 'publish'; readonly patch: Data } | { readonly kind: 'delete' };

const RUNS = 8;

/** Nested values under few keys, so that they meet; `n` is only ever a number. */
const value = fc.letrec((again) => ({
  value: fc.oneof({ maxDepth: 2 }, fc.integer(), fc.string({ maxLength: 5 }), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('x', 'y/z', '~w'), again('value'), { maxKeys: 3 })),
})).value;
const patch = fc.record({
  a: value, 'b/c': value, d: fc.dictionary(fc.constantFrom('e', 'f'), value, { maxKeys: 2 }),
  n: fc.oneof(fc.integer({ min: -50, max: 50 }).map((by) => ({ $inc: by })), fc.integer({ min: 0, max: 9 }), fc.constant(null)),
}, { requiredKeys: [] });
const step: fc.Arbitrary<Step> = fc.oneof({ weight: 7, arbitrary: patch.map((made) => ({ kind: 'publish' as const, patch: { ...made } as Data })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'delete' as const }) });
const steps = fc.array(step, { minLength: 2, maxLength: 9 });

/** RFC 7396, and `$inc`, as plain as they are written. */
function merge(target: unknown, change: unknown): unknown {
  if (!isObject(change)) return change;
  if (Object.keys(change).join() === '$inc') return (typeof target === 'number' ? target : 0) + Number(change['$inc']);
  const merged: Data = { ...(isObject(target) ? target : {}) };
  for (const [key, held] of Object.entries(change)) {
    if (held === null) delete merged[key];
    else merged[key] = merge(merged[key], held);
  }
  return merged;
}

function isObject(held: unknown): held is Data {
  return typeof held === 'object' && held !== null && !Array.isArray(held);
}

/** RFC 6902, of the three operations that a diff has. */
function applyPatch(data: Data, operations: readonly { op: string; path: string; value?: unknown }[]): Data {
  const result = structuredClone(data);
  for (const { op, path, value: held } of operations) {
    const keys = path.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const owner = keys.slice(0, -1).reduce((at, key) => at[key] as Data, result);
    const key = keys.at(-1)!;
    expect(key in owner).toBe(op !== 'add');
    if (op === 'remove') delete owner[key];
    else owner[key] = held;
  }
  return result;
}

describe('the past of an aggregate, whatever happened to it', () => {
  let service: Service;
  let operator: string;
  beforeAll(async () => {
    service = await startService({ SNAPSHOT_EVERY: '3' });
    operator = service.token('operator');
  });
  afterAll(async () => {
    await service.stop();
  });

  /** Does it, and yields what a naive fold makes of it: the state after each event. */
  const live = async (at: ReturnType<typeof fresh>, all: readonly Step[]): Promise<State[]> => {
    const states: State[] = [];
    for (const each of all) {
      const before = states.at(-1) ?? null;
      if (each.kind === 'delete') {
        if (before === null) continue;
        expect((await service.ask('DELETE', at.state)).status).toBe(204);
        states.push(null);
        continue;
      }
      const { status, text } = await service.ask('POST', '/api/v1/events', {
        body: { eventType: 'Seen', aggregateType: 'world', aggregateId: at.id, eventData: each.patch },
      });
      expect([status, text]).toEqual([201, expect.anything()]);
      states.push(merge(before ?? {}, each.patch) as Data);
    }
    return states;
  };
  const stateAt = async (at: ReturnType<typeof fresh>, query: string): Promise<State> => {
    const { status, body } = await service.ask('GET', `${at.state}?${query}`);
    if (status === 404 && 'deletedAtVersion' in (body['details'] as object)) return null;
    expect(status).toBe(200);
    return body['data'] as Data;
  };

  it('is at every version what a naive fold has', async () => {
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const at = fresh('world');
      const states = await live(at, all);
      for (const [i, state] of states.entries()) expect(await stateAt(at, `version=${i + 1}`)).toEqual(state);
    }), { numRuns: RUNS });
  });

  it('differs between two versions by a patch that makes the one of the other', async () => {
    await fc.assert(fc.asyncProperty(steps, fc.nat(), fc.nat(), async (all, one, other) => {
      const at = fresh('world');
      const states = await live(at, all);
      if (states.length === 0) return;
      const [from, to] = [one % states.length, other % states.length];
      const { body } = await service.ask('GET', `${at.state}/diff?from=${from + 1}&to=${to + 1}`);
      expect(applyPatch(states[from] ?? {}, body['patch'] as [])).toEqual(states[to] ?? {});
    }), { numRuns: RUNS * 2 });
  });

  it('is what it was after a rollback and its undo', async () => {
    await fc.assert(fc.asyncProperty(steps, fc.nat(), async (all, some) => {
      const at = fresh('world');
      const states = await live(at, all);
      if (states.length < 2) return;
      const toVersion = 1 + some % (states.length - 1);
      const post = (path: string, body: object) => service.ask('POST', `/api/v1/rollbacks${path}`, { body, token: operator });
      const { status, body } = await post('', { scope: { aggregate: { aggregateType: 'world', aggregateId: at.id, toVersion } } });
      if (status === 422) {
        expect(states.at(-1) ?? {}).toEqual(states[toVersion - 1] ?? {}); // there was nothing to take back
        return;
      }
      const id = String(body['rollbackId']);
      expect((await post(`/${id}/execute`, { reason: 'spec', confirm: '1' })).status).toBe(200);
      expect(await stateAt(at, 'consistency=strong')).toEqual(states[toVersion - 1]);
      expect((await post(`/${id}/undo`, { reason: 'spec' })).status).toBe(200);
      expect(await stateAt(at, 'consistency=strong')).toEqual(states.at(-1));
    }), { numRuns: RUNS * 2 });
  });
});
