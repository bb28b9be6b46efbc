import fc from 'fast-check';
import { EMPTY_FOLD, fold, type FoldState, fromPointer, isJsonObject, type Json, type JsonObject, type Op, valueAt } from '@app/kernel';
import { planReturn, planUndo, type Step } from './plan.js';

const step = (version: number, ...ops: Op[]): Step => ({ version, ops });
const set = (path: string, value: Json): Op => ['set', path, 'lww', value];
const inc = (path: string, by: number): Op => ['inc', path, 'sum', by, by];
const foldAll = (steps: readonly Step[], base: FoldState = EMPTY_FOLD): FoldState =>
  steps.reduce((state, { ops, version }) => fold(state, ops, version), base);

/** A merge patch with increments, applied by its words. */
function patched(data: Json | undefined, patch: Json): Json | undefined {
  if (!isJsonObject(patch)) return patch;
  if ('$inc' in patch) return (data as number) + (patch['$inc'] as number);
  const result: JsonObject = isJsonObject(data) ? { ...data } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = patched(Object.hasOwn(result, key) ? result[key] : undefined, value)!;
  }
  return result;
}

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.tuple(fc.constantFrom('/a', '/b', '/c/x', '/c/y', '/c'), fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom('t', true)))
    .map(([path, value]) => set(path, value)),
  fc.tuple(fc.constantFrom('/a', '/b', '/c/x'), fc.integer({ min: -9, max: 9 })).map(([path, by]) => inc(path, by)),
  fc.constantFrom<Op>(['unset', '/a', 'lww'], ['unset', '/c', 'lww'], ['obj', '/c', 'lww'], ['del']),
);
const history = fc.array(fc.array(op, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((all) => all.map((ops, i) => step(i + 1, ...ops)));

describe('undoing events in the middle of a history', () => {
  it('takes increments back by their amount, whatever came after', () => {
    const steps = [step(1, set('/gold', 100)), step(2, inc('/gold', 500)), step(3, inc('/gold', -50))];
    expect(planUndo(undefined, steps, (version) => version === 2)).toMatchObject({
      changes: { gold: { $inc: -500 } }, diff: [{ path: '/gold', old: 550, new: 50 }],
      conflicts: [{ path: '/gold', resolution: 'taken back by the amount' }],
    });
  });

  it('sets a value back only where nobody has set it since', () => {
    const steps = [step(1, set('/rank', 'novice'), set('/title', 'a')), step(2, set('/rank', 'king'), set('/title', 'b')), step(3, set('/title', 'c'))];
    expect(planUndo(undefined, steps, (version) => version === 2)).toMatchObject({
      changes: { rank: 'novice' }, conflicts: [{ path: '/title', resolution: 'kept' }],
    });
  });

  it('brings back what was deleted, and deletes what would never have been', () => {
    const steps = [step(1, set('/gold', 1)), step(2, ['del'])];
    expect(planUndo(undefined, steps, (version) => version === 2)).toMatchObject({ changes: { gold: 1 }, deletes: false });
    expect(planUndo(undefined, steps.slice(0, 1), () => true)).toMatchObject({ changes: {}, deletes: true });
    expect(planUndo(undefined, steps, () => true)).toMatchObject({ changes: {}, deletes: false });
  });

  it('ends where the others alone lead', () => {
    fc.assert(fc.property(history, fc.array(fc.nat(11)), (steps, picked) => {
      const isUndone = (version: number): boolean => picked.includes(version - 1);
      const [now, target] = [foldAll(steps), foldAll(steps.filter(({ version }) => !isUndone(version)))];
      const plan = planUndo(undefined, steps, isUndone);
      if (plan.deletes || target.deleted || steps.every(({ version }) => isUndone(version))) {
        expect(plan.changes).toEqual({});
        return;
      }
      const result = patched(now.data, plan.changes) as JsonObject;
      // An object that is empty on both sides or on one cannot be told in a merge patch of paths that differ.
      expect(leaves(result)).toEqual(leaves(target.data));
    }));
  });

  it('is the identity together with its own undoing', () => {
    fc.assert(fc.property(history, fc.array(fc.nat(11)), (steps, picked) => {
      const before = foldAll(steps);
      const plan = planUndo(undefined, steps, (version) => picked.includes(version - 1));
      if (plan.deletes || Object.keys(plan.changes).length === 0) return;
      const made = step(steps.length + 1, ...opsOf(plan.changes, before.data));
      const back = planUndo(undefined, [...steps, made], () => false);
      expect(back.changes).toEqual({});
      const undone = planUndo(undefined, [...steps, made], (version) => version === made.version);
      const result = patched(foldAll([...steps, made]).data, undone.changes) as JsonObject;
      if (!before.deleted) expect(leaves(result)).toEqual(leaves(before.data));
    }));
  });
});

describe('going back', () => {
  it('ends where what came after alone leads, as undoing each event does', () => {
    fc.assert(fc.property(history, fc.nat(11), fc.nat(11), (steps, one, other) => {
      const [from, to] = [Math.min(one, other, steps.length - 1) + 1, Math.min(Math.max(one, other) + 1, steps.length)];
      const base = from === 1 ? undefined : foldAll(steps.slice(0, from - 1));
      const now = foldAll(steps);
      const { diff, deletes, changes } = planReturn(base, steps.slice(to), now, (path) => path === '/a');
      const undone = planUndo(base, steps.slice(from - 1), (version) => version <= to);
      expect({ diff, deletes }).toEqual({ diff: undone.diff, deletes: undone.deletes });
      if (!deletes) expect(leaves(patched(now.data, changes) as JsonObject)).toEqual(leaves(patched(now.data, undone.changes) as JsonObject));
    }));
  });

  it('takes back what is counted by its amount, and all else by its value', () => {
    const now = foldAll([step(1, set('/gold', 100), set('/level', 1)), step(2, inc('/gold', 500), set('/level', 7))]);
    expect(planReturn(foldAll([step(1, set('/gold', 100), set('/level', 1))]), [], now, (path) => path === '/gold').changes)
      .toEqual({ gold: { $inc: -500 }, level: 1 });
  });
});

function opsOf(changes: JsonObject, data: JsonObject, path = ''): Op[] {
  return Object.entries(changes).flatMap(([key, value]): Op[] => {
    const at = `${path}/${key}`;
    if (value === null) return [['unset', at, 'lww']];
    if (isJsonObject(value) && '$inc' in value) return [['inc', at, 'sum', value['$inc'] as number, (valueAt(data, fromPointer(at)) as number) + (value['$inc'] as number)]];
    return isJsonObject(value) && Object.keys(value).length > 0 ? opsOf(value, data, at) : [set(at, value)];
  });
}

function leaves(data: Json, path = ''): Record<string, Json> {
  if (!isJsonObject(data)) return { [path]: data };
  return Object.assign({}, ...Object.entries(data).map(([key, value]) => leaves(value, `${path}/${key}`))) as Record<string, Json>;
}
