import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import { differences, toJsonPatch } from './diff.js';
import { fromPointer, isJsonObject, type Json, type JsonObject } from './json.js';

const key = fc.constantFrom('a', 'b', 'c', '/', '~', '', 'constructor');
const { object } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.constantFrom(null, true, 'x'), fc.array(fc.integer(), { maxLength: 2 }), tie('object')),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }) as fc.Arbitrary<JsonObject>,
}));

/** RFC 6902, for paths of objects. */
function applied(before: JsonObject, after: JsonObject): JsonObject {
  const result = structuredClone(before);
  for (const step of toJsonPatch(differences(before, after))) {
    const path = fromPointer(step.path);
    let owner = result;
    for (const part of path.slice(0, -1)) {
      if (!isJsonObject(owner[part])) throw new Error(`${step.op} ${step.path}: nothing is there`);
      owner = owner[part];
    }
    const last = path.at(-1)!;
    if (step.op !== 'add' && !Object.hasOwn(owner, last)) throw new Error(`${step.op} ${step.path}: nothing is there`);
    if (step.op === 'remove') delete owner[last];
    else owner[last] = step.value;
  }
  return result;
}

describe('differences', () => {
  it('make one state the other, and name what was there', () => {
    fc.assert(fc.property(object, object, (before, after) => {
      expect(canonicalJson(applied(before, after))).toBe(canonicalJson(after));
      const back = differences(after, before);
      expect(differences(before, after).map(({ path, old, new: now }) => ({ path, old: now, new: old }))).toEqual(
        back.map(({ path, old, new: now }) => ({ path, old, new: now })));
    }));
  });

  it('are none between equal states', () => {
    fc.assert(fc.property(object, (state) => {
      expect(differences(state, structuredClone(state))).toEqual([]);
    }));
  });

  it('take arrays as values and go into objects', () => {
    expect(differences({ bag: { gold: 1, gems: [1, 2] }, hp: 3 }, { bag: { gold: 2, gems: [2, 1] }, mp: null })).toEqual([
      { path: '/bag/gems', old: [1, 2], new: [2, 1] }, { path: '/bag/gold', old: 1, new: 2 }, { path: '/hp', old: 3 }, { path: '/mp', new: null },
    ]);
  });
});
