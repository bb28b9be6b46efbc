import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import { Replay } from './fold-in-place.js';
import { fromPointer, isJsonObject, type Json, type JsonObject, toPointer, valueAt } from './json.js';
import {
  changesOf, type Clocks, type ClockTree, EMPTY_FOLD, fold, type FoldState, MERGE_KINDS, type Op,
} from './ops.js';

const KEYS = ['a', 'b', 'c', '', '~', '/', 'a/b', '~1', '__proto__', 'constructor', 'prototype', 'toString', '0'];
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: fc.string({ maxLength: 2 }) },
);

const MAX = Number.MAX_SAFE_INTEGER;

function record<T>(value: fc.Arbitrary<T>): fc.Arbitrary<{ [key: string]: T }> {
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null), fc.boolean(), fc.string({ maxLength: 3 }), fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const json: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('json'), { maxLength: 2 }), record(tie('json'))),
})).json;
const clocks: fc.Arbitrary<ClockTree> = fc.letrec<{ node: Clocks; tree: ClockTree }>((tie) => ({
  node: fc.oneof({ maxDepth: 2 }, fc.nat(), tie('tree'), fc.tuple(fc.nat(), tie('tree'))),
  tree: record(tie('node')),
})).tree;
const state: fc.Arbitrary<FoldState> = fc.record({
  data: record(json), clocks, generation: fc.nat(3), deleted: fc.boolean(),
});

const path = fc.array(key, { minLength: 1, maxLength: 4 });
const pointer = path.map(toPointer);
const merge = fc.constantFrom(...MERGE_KINDS);
const opAt = (where: fc.Arbitrary<string>): fc.Arbitrary<Op> => fc.oneof(
  fc.tuple(fc.constant('set' as const), where, merge, json),
  fc.tuple(fc.constant('unset' as const), where, merge),
  fc.tuple(fc.constant('inc' as const), where, merge, fc.maxSafeInteger(), fc.maxSafeInteger()),
  fc.tuple(fc.constant('obj' as const), where, merge),
  fc.constant(['del'] as const),
);
const ops = fc.array(opAt(pointer), { maxLength: 6 });

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

/** The interpreter once more, as simple as can be: it writes into a copy. */
function reference(start: JsonObject, all: readonly Op[]): JsonObject {
  let root = structuredClone(start);
  for (const op of all) {
    if (op[0] === 'del') {
      root = {};
      continue;
    }
    const keys = fromPointer(op[1]);
    const last = keys.pop()!;
    const there = valueAt(root, [...keys, last]);
    if (op[0] === 'unset' && there === undefined) continue;
    const owner = keys.reduce((at, part) => {
      if (!Object.hasOwn(at, part) || !isJsonObject(at[part])) define(at, part, {});
      return at[part] as JsonObject;
    }, root);
    if (op[0] === 'unset') delete owner[last];
    else if (op[0] === 'set') define(owner, last, structuredClone(op[3]));
    else if (op[0] === 'inc') define(owner, last, bounded((typeof there === 'number' ? there : 0) + op[3]));
    else if (!isJsonObject(there)) define(owner, last, {});
  }
  return root;
}

function define(target: JsonObject, name: string, value: Json): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

function bounded(value: number): number {
  return Math.min(Math.max(value, -MAX), MAX);
}

const start = (data: JsonObject): FoldState => ({ ...EMPTY_FOLD, data });

describe('fold', () => {
  it('has a result for any ops on any state, leaves what it was given alone, and yields JSON', () => {
    // Also where the pointer is none: an event of another region may say anything.
    const anyOps = fc.array(opAt(fc.oneof(pointer, fc.constantFrom('', 'x', '~', '/~2', '//'))), { maxLength: 6 });
    fc.assert(fc.property(state, anyOps, fc.nat(), (before, all, version) => {
      const after = fold(deepFreeze(before), deepFreeze(all), version);
      expect(canonicalJson(JSON.parse(JSON.stringify(after)))).toBe(canonicalJson(after));
      expect(canonicalJson(fold(before, all, version))).toBe(canonicalJson(after));
    }), { numRuns: 1000 });
  });

  it('does what the plain interpreter does', () => {
    fc.assert(fc.property(state, ops, (before, all) => {
      expect(canonicalJson(fold(before, all, 1).data)).toBe(canonicalJson(reference(before.data, all)));
    }), { numRuns: 1000 });
  });

  it.each<[string, Op, JsonObject, JsonObject]>([
    ['set replaces', ['set', '/a', 'lww', [1]], { a: { b: 1 }, c: 1 }, { a: [1], c: 1 }],
    ['set makes the objects on the way', ['set', '/a/b/c', 'lww', 1], {}, { a: { b: { c: 1 } } }],
    ['set makes scalars and arrays on the way give way', ['set', '/a/0', 'lww', 1], { a: [7, 8] }, { a: { 0: 1 } }],
    ['unset removes', ['unset', '/a/b', 'lww'], { a: { b: 1, c: 2 } }, { a: { c: 2 } }],
    ['unset leaves the object it emptied', ['unset', '/a/b', 'lww'], { a: { b: 1 } }, { a: {} }],
    ['unset of what is not there', ['unset', '/a/b/c', 'lww'], { a: 5 }, { a: 5 }],
    ['unset does not reach into arrays', ['unset', '/a/0', 'lww'], { a: [1] }, { a: [1] }],
    ['inc adds', ['inc', '/a', 'sum', -3, 2], { a: 5 }, { a: 2 }],
    ['inc starts at 0', ['inc', '/a/b', 'sum', 4, 4], {}, { a: { b: 4 } }],
    ['inc adds to what is there, not to what its origin saw', ['inc', '/a', 'sum', 4, 999], { a: 1 }, { a: 5 }],
    ['inc counts a string as 0', ['inc', '/a', 'sum', 4, 4], { a: '7' }, { a: 4 }],
    ['inc stays within the safe integers', ['inc', '/a', 'sum', 10, 0], { a: MAX - 1 }, { a: MAX }],
    ['inc stays within them below, too', ['inc', '/a', 'sum', -10, 0], { a: 1 - MAX }, { a: -MAX }],
    ['obj keeps an object', ['obj', '/a', 'lww'], { a: { b: 1 } }, { a: { b: 1 } }],
    ['obj replaces anything else', ['obj', '/a', 'lww'], { a: [1] }, { a: {} }],
    ['del leaves nothing', ['del'], { a: 1 }, {}],
  ])('%s', (_name, op, before, after) => {
    expect(fold(start(before), [op], 1).data).toEqual(after);
  });

  it('shares what it did not touch', () => {
    const before = start({ a: { x: { y: 1 } }, b: { z: 1 } });
    const after = fold(before, [['set', '/b/z', 'lww', 2]], 1);
    expect(after.data['a']).toBe(before.data['a']);
    expect(before.data['b']).toEqual({ z: 1 });
    const kept = [['unset', '/b/q', 'lww'], ['obj', '/b', 'lww']] as const;
    expect(fold(before, kept, 1).data).toBe(before.data);
  });

  it('writes into nothing but the state, whatever the keys are called', () => {
    const all: Op[] = KEYS.flatMap((name): Op[] => [
      ['set', toPointer([name, 'polluted']), 'lww', true],
      ['inc', toPointer([name, 'prototype', 'polluted']), 'sum', 1, 1],
    ]);
    const { data, clocks: made } = fold(fold(EMPTY_FOLD, all, 1), [['unset', '/__proto__/polluted', 'lww']], 2);
    for (const object of [{}, [], Object.prototype, Function.prototype]) expect(object).not.toHaveProperty('polluted');
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(Object.keys(data).sort()).toEqual([...KEYS].sort());
    expect(valueAt(data, ['__proto__'])).toEqual({ prototype: { polluted: 1 } });
    expect(canonicalJson(changesOf(all))).toContain('"__proto__":{"polluted":true,');
  });

  it('counts a generation for each deletion and is deleted only if nothing came after it', () => {
    const dead = fold(start({ a: 1 }), [['del']], 2);
    expect(dead).toEqual({ data: {}, clocks: {}, generation: 1, deleted: true });
    expect(fold(dead, [['set', '/b', 'lww', 1]], 3))
      .toEqual({ data: { b: 1 }, clocks: { b: 3 }, generation: 1, deleted: false });
    expect(fold(dead, [], 3)).toEqual({ data: {}, clocks: {}, generation: 1, deleted: false });
    expect(fold(dead, [['del']], 3)).toMatchObject({ generation: 2, deleted: true });
    expect(fold(start({ a: 1 }), [['del'], ['set', '/b', 'lww', 1]], 2))
      .toMatchObject({ data: { b: 1 }, deleted: false });
    fc.assert(fc.property(state, ops, (before, all) => {
      const after = fold(before, all, 9);
      if (after.deleted) expect(after.data).toEqual({});
      expect(after.generation).toBe(before.generation + all.filter(([op]) => op === 'del').length);
    }));
  });
});

/** The clocks as a list of path and version; fails on anything that is not of the promised structure. */
function flatten(tree: ClockTree, above: readonly string[] = []): [string, number][] {
  return Object.entries(tree).flatMap(([name, node]): [string, number][] => {
    const at = [...above, name];
    if (typeof node === 'number') return [[toPointer(at), node]];
    if (!Array.isArray(node)) return flatten(node as ClockTree, at);
    const [own, children] = node as readonly [number, ClockTree];
    expect(node).toHaveLength(2);
    expect(typeof own).toBe('number');
    expect(Object.keys(children)).not.toHaveLength(0);
    return [[toPointer(at), own], ...flatten(children, at)];
  });
}

/** What the clocks promise: a write takes the place of all that was written below it, unless it keeps that. */
function clocksOf(events: readonly (readonly Op[])[]): [string, number][] {
  const written = new Map<string, number>();
  let data: JsonObject = {};
  events.forEach((all, i) => {
    for (const op of all) {
      const keeps = op[0] === 'obj' && isJsonObject(valueAt(data, fromPointer(op[1])));
      const below = op[0] === 'del' ? '' : `${op[1]}/`;
      if (!keeps) for (const other of [...written.keys()]) if (other.startsWith(below)) written.delete(other);
      if (op[0] !== 'del') written.set(op[1], i + 1);
      data = reference(data, [op]);
    }
  });
  return [...written];
}

describe('clocks', () => {
  const foldAll = (events: readonly (readonly Op[])[]): FoldState =>
    events.reduce((before, all, i) => fold(before, all, i + 1), EMPTY_FOLD);

  it('hold, for every path ever written, the version of its last write', () => {
    fc.assert(fc.property(fc.array(ops, { maxLength: 8 }), (events) => {
      const sorted = (list: [string, number][]) => list.sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(flatten(foldAll(events).clocks))).toEqual(sorted(clocksOf(events)));
    }), { numRuns: 1000 });
  });

  it('are a number, the children, or both', () => {
    expect(foldAll([[['set', '/a', 'lww', 1]]]).clocks).toEqual({ a: 1 });
    expect(foldAll([[['set', '/a/b', 'lww', 1]]]).clocks).toEqual({ a: { b: 1 } });
    expect(foldAll([[['set', '/a', 'lww', 1]], [['set', '/a/b', 'lww', 1]]]).clocks).toEqual({ a: [1, { b: 2 }] });
  });

  it('remember what was removed', () => {
    const gone = foldAll([[['set', '/a/b', 'lww', 1]], [['unset', '/a/b', 'lww']], [['unset', '/never/was', 'lww']]]);
    expect(gone).toMatchObject({ data: { a: {} }, clocks: { a: { b: 2 }, never: { was: 3 } } });
  });

  it('keep those of the siblings when one key of an object is removed', () => {
    // What the patch {"a": {"b": null}} becomes.
    const after = foldAll([
      [['set', '/a/b', 'lww', 1], ['set', '/a/c', 'lww', 1]],
      [['unset', '/a/b', 'lww'], ['obj', '/a', 'lww']],
    ]);
    expect(after).toMatchObject({ data: { a: { c: 1 } }, clocks: { a: [2, { b: 2, c: 1 }] } });
  });

  it('start anew after a deletion', () => {
    expect(foldAll([[['set', '/a', 'lww', 1]], [['del']], [['set', '/b', 'lww', 1]]]).clocks).toEqual({ b: 3 });
  });
});

describe('changesOf', () => {
  it.each<[string, readonly Op[], JsonObject]>([
    ['nothing', [], {}],
    ['values as they are', [['set', '/a/b', 'lww', [1, null]]], { a: { b: [1, null] } }],
    ['an increment by its result', [['inc', '/gold', 'sum', 5, 105]], { gold: 105 }],
    ['a removed key as null', [['unset', '/a/b', 'lww'], ['obj', '/a', 'lww']], { a: { b: null } }],
    ['an object that is made', [['obj', '/a', 'lww']], { a: {} }],
    ['an object beside what is in it', [['set', '/a/b', 'lww', 1], ['obj', '/a', 'lww']], { a: { b: 1 } }],
    ['a deletion as nothing', [['del']], {}],
    ['odd keys', [['set', '/~1/~0/', 'lww', 1]], { '/': { '~': { '': 1 } } }],
  ])('tells %s', (_name, all, patch) => {
    expect(changesOf(all)).toEqual(patch);
  });

  it('has a result for any ops and leaves them alone', () => {
    const anyOps = fc.array(opAt(fc.oneof(pointer, fc.constantFrom('', 'x', '~'))), { maxLength: 6 });
    fc.assert(fc.property(anyOps, (all) => {
      expect(isJsonObject(changesOf(deepFreeze(all)))).toBe(true);
    }));
  });
});

describe('a replay in place', () => {
  const commits = fc.array(ops, { maxLength: 8 });

  it('yields what fold yields, order of keys included, and leaves its start and the ops as they are', () => {
    fc.assert(fc.property(state, commits, fc.nat(), (start, events, base) => {
      deepFreeze(start);
      deepFreeze(events);
      const replay = new Replay(start);
      let folded = start;
      events.forEach((each, i) => {
        replay.apply(each, base + i + 1);
        folded = fold(folded, each, base + i + 1);
      });
      expect(JSON.stringify(replay.end())).toBe(JSON.stringify(folded));
    }), { numRuns: 2000 });
  });

  it('does not put a later write into the value of an earlier op', () => {
    const value = { n: 1 };
    const replay = new Replay(EMPTY_FOLD);
    replay.apply([['set', '/a', 'lww', value], ['inc', '/a/n', 'sum', 1, 2]], 1);
    expect(replay.end().data).toEqual({ a: { n: 2 } });
    expect(value).toEqual({ n: 1 });
  });
});
