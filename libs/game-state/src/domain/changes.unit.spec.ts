import {
  canonicalJson, changesOf, EMPTY_FOLD, fold, isJsonObject, type Json, type JsonObject, type Op, ServiceError, valueAt,
} from '@app/kernel';
import fc from 'fast-check';
import { toOps } from './changes.js';
import { type AggregateDefinition, counter, text } from './definition.js';
import { DEFINITIONS } from './definitions/index.js';

const PLAIN: AggregateDefinition = { type: 'player', fields: {}, events: {} };
const MAX = Number.MAX_SAFE_INTEGER;

function apply(state: JsonObject, patch: JsonObject): JsonObject {
  return fold({ ...EMPTY_FOLD, data: state }, toOps(patch, state, PLAIN), 1).data;
}

/** MergePatch of RFC 7396, section 2, written off, with the contract's `{"$inc": n}`. */
function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  if (Object.hasOwn(patch, '$inc')) return increment(target, patch);
  const result = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, mergePatch(result.get(name), value));
  }
  return Object.fromEntries(result);
}

function increment(target: Json | undefined, { $inc: delta, ...siblings }: JsonObject): Json {
  if (!Number.isSafeInteger(delta) || Object.keys(siblings).length > 0) throw new Error('VALIDATION_ERROR');
  if (target !== undefined && typeof target !== 'number') throw new Error('INVALID_OPERATION');
  const result = (target ?? 0) + (delta as number);
  if (Math.abs(result) > MAX) throw new Error('INVALID_OPERATION');
  return result;
}

/** The result, or the word of the refusal. */
function outcomeOf(make: () => Json): string {
  try {
    return canonicalJson(make());
  } catch (error) {
    if (error instanceof ServiceError) return error.error;
    return (error as Error).message;
  }
}

const key = fc.constantFrom('a', 'b', 'c', '', '~', 'x/y', '__proto__', 'constructor');
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.boolean(), fc.string({ maxLength: 2 }), fc.integer(), fc.constantFrom(MAX, -MAX, 1.5, 0));
const array: fc.Arbitrary<Json> = fc.array(fc.oneof(scalar, fc.constantFrom<Json>(null, { $inc: 1 }, { a: null })), {
  maxLength: 2,
});
const inc: fc.Arbitrary<Json> = fc.constantFrom(1, -1, 0, 7, MAX, -MAX).map(($inc) => ({ $inc }));
const badInc: fc.Arbitrary<Json> = fc.constantFrom<Json>(
  { $inc: 1.5 }, { $inc: '1' }, { $inc: null }, { $inc: 2 ** 53 }, { $inc: 1, a: 1 }, { $inc: { $inc: 1 } },
  { $inc: [1] });

function tree(leaf: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc.letrec<{ node: JsonObject; value: Json }>((tie) => ({
    node: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    value: fc.oneof({ maxDepth: 3 }, leaf, tie('node')),
  })).node;
}

/** No key holds null: a patch cannot put it there. */
const state = tree(fc.oneof(scalar, array));
const patch = tree(fc.oneof(
  { weight: 6, arbitrary: fc.oneof(scalar, array) }, { weight: 4, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: inc }));
const anyPatch = tree(fc.oneof(
  { weight: 9, arbitrary: fc.oneof(scalar, array, fc.constant(null), inc) }, { weight: 1, arbitrary: badInc }));

describe('toOps and fold', () => {
  // RFC 7396, appendix A: those where target and patch are objects.
  it.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j patched with %j is %j', (before, change, after) => {
    expect(apply(before, change)).toEqual(after);
    expect(mergePatch(before, change)).toEqual(after);
  });

  it('are RFC 7396 extended by $inc, refusals included', () => {
    let applied = 0;
    let refused = 0;
    fc.assert(fc.property(state, fc.oneof(patch, anyPatch), (before, change) => {
      const expected = outcomeOf(() => mergePatch(before, change));
      expect(outcomeOf(() => apply(before, change))).toBe(expected);
      if (expected.startsWith('{')) applied += 1;
      else refused += 1;
    }), { numRuns: 3000 });
    expect(applied).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(100);
  });

  it('tell changes that lead from the old state to the new one, as a plain merge patch', () => {
    fc.assert(fc.property(state, patch, (before, change) => {
      fc.pre(outcomeOf(() => mergePatch(before, change)).startsWith('{'));
      const ops = toOps(change, before, PLAIN);
      const after = fold({ ...EMPTY_FOLD, data: before }, ops, 1).data;
      expect(canonicalJson(mergePatch(before, changesOf(ops)))).toBe(canonicalJson(after));
    }), { numRuns: 2000 });
  });

  it('leave the state and the patch alone, and give the same ops again', () => {
    fc.assert(fc.property(state, patch, (before, change) => {
      const texts = [JSON.stringify(before), JSON.stringify(change)];
      fc.pre(outcomeOf(() => mergePatch(before, change)).startsWith('{'));
      expect(toOps(change, before, PLAIN)).toEqual(toOps(change, before, PLAIN));
      expect([JSON.stringify(before), JSON.stringify(change)]).toEqual(texts);
    }));
  });

  it('keep a key called __proto__ where it is', () => {
    const change = '{"__proto__":{"polluted":{"$inc":1}},"constructor":{"prototype":{"polluted":1}}}';
    const after = apply({}, JSON.parse(change) as JsonObject);
    expect(valueAt(after, ['__proto__', 'polluted'])).toBe(1);
    expect({}).not.toHaveProperty('polluted');
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
  });
});

describe('toOps', () => {
  const definition: AggregateDefinition = {
    type: 'player', events: {},
    fields: { gold: counter('Gold', { min: 0 }), 'bag/*': counter('Items'), guild: text('Guild', { merge: 'home' }) },
  };

  it.each<[string, JsonObject, Op[]]>([
    ['a value', { x: 1 }, [['set', '/x', 'lww', 1]]],
    ['a known value', { guild: 'g' }, [['set', '/guild', 'home', 'g']]],
    ['a removal', { x: null }, [['unset', '/x', 'lww']]],
    ['a known removal', { guild: null }, [['unset', '/guild', 'home']]],
    ['an increment', { x: { $inc: 2 } }, [['inc', '/x', 'sum', 2, 2]]],
    ['a known increment with its result', { gold: { $inc: 2 } }, [['inc', '/gold', 'bcounter', 2, 12]]],
    ['an array, whole', { x: [{ $inc: 1 }, null] }, [['set', '/x', 'lww', [{ $inc: 1 }, null]]]],
    ['an empty object', { x: {} }, [['obj', '/x', 'lww']]],
    ['an object that only loses', { x: { y: null } }, [['unset', '/x/y', 'lww'], ['obj', '/x', 'lww']]],
    ['an object that also gains', { bag: { y: null, z: 1 } }, [
      ['unset', '/bag/y', 'sum'], ['set', '/bag/z', 'sum', 1],
    ]],
    ['odd keys', { 'a/b': { '~': 1 } }, [['set', '/a~1b/~0', 'lww', 1]]],
    ['nothing', {}, []],
  ])('turns %s into its op', (_name, changes, ops) => {
    expect(toOps(changes, { gold: 10 }, definition)).toEqual(ops);
  });

  it.each<[string, Json]>([
    ['with a sibling', { $inc: 1, other: 2 }], ['of a fraction', { $inc: 0.5 }], ['of a string', { $inc: '1' }],
    ['of null', { $inc: null }], ['of an increment', { $inc: { $inc: 1 } }], ['beyond 2^53 - 1', { $inc: 2 ** 53 }],
    ['below -(2^53 - 1)', { $inc: -(2 ** 53) }], ['of a flag', { $inc: true }],
  ])('refuses an increment %s as malformed', (_name, value) => {
    expect(() => toOps({ a: { b: value } }, {}, PLAIN)).toThrow(
      expect.objectContaining({ error: 'VALIDATION_ERROR', status: 400, details: { path: '/a/b' } }));
    expect(() => toOps(value as JsonObject, {}, PLAIN)).toThrow(expect.objectContaining({ status: 400 }));
  });

  it('refuses to increment the state as a whole', () => {
    expect(() => toOps({ $inc: 1 }, {}, PLAIN)).toThrow(expect.objectContaining({ error: 'VALIDATION_ERROR' }));
  });

  it.each<[string, Json]>([['a string', '5'], ['a flag', true], ['an array', [5]], ['an object', { b: 5 }]])(
    'refuses to increment %s', (_name, value) => {
      expect(() => toOps({ a: { $inc: 1 } }, { a: value }, PLAIN)).toThrow(
        expect.objectContaining({ error: 'INVALID_OPERATION', status: 422, details: { path: '/a' } }));
    });

  it.each([[MAX, 1], [-MAX, -1], [1, MAX], [-2, -MAX], [MAX, MAX]])('refuses %d + %d', (current, delta) => {
    expect(() => toOps({ a: { $inc: delta } }, { a: current }, PLAIN)).toThrow(
      expect.objectContaining({ error: 'INVALID_OPERATION', status: 422, details: { path: '/a' } }));
  });

  it.each([[MAX - 1, 1, MAX], [1 - MAX, -1, -MAX], [MAX, -MAX, 0], [-5, 3, -2], [0.5, 1, 1.5]])(
    'adds %d + %d', (current, delta, result) => {
      expect(toOps({ a: { $inc: delta } }, { a: current }, PLAIN)).toEqual([['inc', '/a', 'sum', delta, result]]);
    });

  it('starts at 0 below a scalar that gives way', () => {
    expect(apply({ a: 5 }, { a: { b: { $inc: 2 } } })).toEqual({ a: { b: 2 } });
  });

  it('takes a real definition', () => {
    expect(toOps({ inventory: { sword: { $inc: 1 } }, level: 2 }, {}, DEFINITIONS.player)).toEqual([
      ['inc', '/inventory/sword', 'bcounter', 1, 1], ['set', '/level', 'max', 2],
    ]);
  });
});
