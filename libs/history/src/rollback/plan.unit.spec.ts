import fc from 'fast-check';
import { EMPTY_FOLD, fold, type FoldState, fromPointer, isJsonObject, type Json, type JsonObject, type Op, valueAt } from '@app/kernel';
import { type Act, courseOf, type Held, inForce } from './in-force.js';
import { type Fields, Plan, type UndoPlan } from './plan.js';

const set = (path: string, value: Json): Op => ['set', path, 'lww', value];
const inc = (path: string, by: number): Op => ['inc', path, 'sum', by, by];
const FREE: Fields = { isCounter: () => false, nearest: (_path, wanted) => wanted };
const NO_DEBT: Fields = { ...FREE, nearest: (path, wanted) => (path.at(-1) === 'gold' ? Math.max(0, wanted) : wanted) };

interface Stored { readonly ops: readonly Op[]; readonly isGenuine: boolean }

/** An aggregate, its operators, and who naively says what it must be. */
class Game {
  readonly events: Stored[] = [];
  readonly states: FoldState[] = [];
  readonly acts: Act[] = [];
  readonly held = new Map<string, Held>();

  constructor(private readonly fields: Fields = FREE) {}

  get version(): number {
    return this.events.length;
  }

  get now(): FoldState {
    return this.stateAt(this.version)!;
  }

  stateAt(version: number): FoldState | undefined {
    return version === 0 ? undefined : this.states[version - 1];
  }

  write(...ops: Op[]): this {
    return this.append({ ops, isGenuine: true });
  }

  /** Takes versions back that are in force, or all after one. @returns the plan; undefined if there is nothing to take back */
  take(id: string, versions: Held): UndoPlan | undefined {
    const chosen = 'from' in versions ? versions : versions.filter((version) => this.events[version - 1]?.isGenuine && !this.isOut(version));
    if ('from' in chosen ? chosen.from > this.version : chosen.length === 0) return undefined;
    this.held.set(id, chosen);
    return this.act({ rollbackId: id, kind: 'taken', at: this.version });
  }

  back(id: string, toVersion: number): UndoPlan | undefined {
    return this.take(id, { from: toVersion + 1, to: this.version });
  }

  undo(id: string): UndoPlan {
    return this.act({ rollbackId: id, kind: 'undone', at: this.version });
  }

  isOut(version: number): boolean {
    return [...inForce(this)].some((id) => has(this.held.get(id)!, version));
  }

  /** What the genuine events that no rollback in force has fold to; undefined where nothing is. */
  get wanted(): JsonObject | undefined {
    return this.foldOf((version) => !this.isOut(version));
  }

  foldOf(counts: (version: number) => boolean): JsonObject | undefined {
    const kept = this.events.map((event, i) => ({ ...event, version: i + 1 })).filter(({ isGenuine, version }) => isGenuine && counts(version));
    const state = kept.reduce<FoldState | undefined>((before, { ops, version }) => fold(before ?? EMPTY_FOLD, ops, version), undefined);
    return dataOf(state);
  }

  /** Acts that began and whose aggregate is not done yet: cut short, or others are at it too. */
  readonly left: Act[] = [];
  isLate = false;

  get underWay(): Set<string> {
    return new Set(this.left.map(({ rollbackId }) => rollbackId));
  }

  private act(act: Act): UndoPlan {
    this.acts.push(act);
    if (!this.isLate) return this.settle(act);
    const own = this.left.findIndex(({ rollbackId }) => rollbackId === act.rollbackId);
    if (own >= 0) this.left.splice(own, 1); // its undoing has begun: it does not go on
    this.left.push(act);
    return { changes: {}, deletes: false, diff: [], conflicts: [] };
  }

  settle(act: Act): UndoPlan {
    const course = courseOf(this, act);
    const plan = new Plan(this.stateAt(course.base), course);
    for (let version = course.next(course.base + 1); version <= this.version; version = course.next(version + 1)) {
      const { ops, isGenuine } = this.events[version - 1]!;
      if (isGenuine) plan.see({ version, ops });
    }
    const made = plan.on(this.now, this.fields);
    if (made.deletes) this.append({ ops: [['del']], isGenuine: false });
    else if (Object.keys(made.changes).length > 0) this.append({ ops: opsOf(made.changes, this.now.data), isGenuine: false });
    return made;
  }

  private append(event: Stored): this {
    this.states.push(fold(this.stateAt(this.version) ?? EMPTY_FOLD, event.ops, this.version + 1));
    this.events.push(event);
    return this;
  }
}

function has(held: Held, version: number): boolean {
  return 'from' in held ? version >= held.from && version <= held.to : held.includes(version);
}

function dataOf(state: FoldState | undefined): JsonObject | undefined {
  return state === undefined || state.deleted ? undefined : state.data;
}

function opsOf(changes: JsonObject, data: JsonObject, path = ''): Op[] {
  return Object.entries(changes).flatMap(([key, value]): Op[] => {
    const at = `${path}/${key}`;
    if (value === null) return [['unset', at, 'lww']];
    if (isJsonObject(value) && '$inc' in value) return [['inc', at, 'sum', value['$inc'] as number, (valueAt(data, fromPointer(at)) as number) + (value['$inc'] as number)]];
    return isJsonObject(value) && Object.keys(value).length > 0 ? opsOf(value, data, at) : [set(at, value)];
  });
}

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.tuple(fc.constantFrom('/a', '/b', '/c/x', '/c/y', '/c'), fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom('t', true)))
    .map(([path, value]) => set(path, value)),
  fc.tuple(fc.constantFrom('/a', '/b', '/c/x'), fc.integer({ min: -9, max: 9 })).map(([path, by]) => inc(path, by)),
  fc.constantFrom<Op>(['unset', '/a', 'lww'], ['unset', '/c', 'lww'], ['obj', '/c', 'lww'], ['del']),
);
type Move = { write: Op[] } | { take: number[] } | { back: number } | { undo: number };
const write = fc.array(op, { minLength: 1, maxLength: 3 }).map((ops): Move => ({ write: ops }));
const take = fc.uniqueArray(fc.nat(25), { minLength: 1, maxLength: 4 }).map((all): Move => ({ take: all.sort((a, b) => a - b) }));
const undo = fc.nat(9).map((which): Move => ({ undo: which }));
const back = fc.nat(25).map((version): Move => ({ back: version }));
const moves = (...kinds: fc.Arbitrary<Move>[]) => fc.array(fc.oneof({ weight: 3, arbitrary: write }, ...kinds), { minLength: 2, maxLength: 18 });

/** Makes a move, if it can be made. @returns the rollback that was begun or undone */
function make(game: Game, move: Move): { id: string; plan: UndoPlan } | undefined {
  if ('write' in move) return void game.write(...move.write);
  const id = `rollback ${game.held.size}`;
  if ('undo' in move) {
    const left = [...game.held.keys()].filter((one) => !game.acts.some(({ rollbackId, kind }) => rollbackId === one && kind === 'undone'));
    const one = left[move.undo % Math.max(1, left.length)];
    return one === undefined ? undefined : { id: one, plan: game.undo(one) };
  }
  if (game.version === 0) return undefined;
  const plan = 'back' in move ? game.back(id, move.back % game.version) : game.take(id, move.take.map((version) => version % game.version + 1).sort((a, b) => a - b));
  return plan && { id, plan };
}

describe('what is taken back', () => {
  it('leaves the genuine events in force, whatever was taken back and given back in whatever order', () => {
    fc.assert(fc.property(moves(take, undo), (all) => {
      const game = new Game();
      for (const move of all) {
        make(game, move);
        const undone = game.acts.filter(({ kind }) => kind === 'undone').map(({ rollbackId }) => rollbackId);
        const out = [...game.held].filter(([id]) => !undone.includes(id)).flatMap(([, versions]) => versions as number[]);
        if (game.version > 0) expect(dataOf(game.now)).toEqual(game.foldOf((version) => !out.includes(version)));
      }
    }), { numRuns: 1_000 });
  });

  it('is at the version that an aggregate goes back to, and the identity with its undoing, among all else', () => {
    fc.assert(fc.property(moves(take, undo, back), (all) => {
      const game = new Game();
      for (const move of all) {
        const [version, before] = [game.version, game.stateAt(game.version)];
        const made = make(game, move);
        if (game.version > 0) expect(dataOf(game.now)).toEqual(game.wanted);
        if (!made || 'undo' in move || 'write' in move) continue;
        if ('back' in move) expect(dataOf(game.now)).toEqual(dataOf(game.stateAt(move.back % version)));
        if (move === all.at(-1)) {
          game.undo(made.id);
          expect(dataOf(game.now)).toEqual(dataOf(before));
        }
      }
    }), { numRuns: 1_000 });
  });

  it('comes to the same where acts are cut short, or go on beside each other', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.oneof({ weight: 2, arbitrary: write }, take, undo, back), fc.nat(5)), { minLength: 2, maxLength: 18 }), (all) => {
      const game = new Game();
      game.isLate = true;
      for (const [move, which] of all) {
        make(game, move);
        for (const act of game.left.splice(which, 1)) game.settle(act);
      }
      while (game.left.length > 0) game.settle(game.left.shift()!);
      if (game.version > 0) expect(dataOf(game.now)).toEqual(game.wanted);
    }), { numRuns: 2_000 });
  });

  it('differs as it says', () => {
    fc.assert(fc.property(moves(take, undo, back), (all) => {
      const game = new Game();
      for (const move of all) {
        const before = game.stateAt(game.version)?.data;
        const made = make(game, move);
        if (made && !made.plan.deletes) for (const { path, old, new: wanted } of made.plan.diff) {
          expect([valueAt(before!, fromPointer(path)), valueAt(game.now.data, fromPointer(path))]).toEqual([old, wanted]);
        }
      }
    }));
  });

  it('is an increment by its amount, whatever came after', () => {
    const game = new Game().write(set('/gold', 100)).write(inc('/gold', 500)).write(inc('/gold', -50));
    expect(game.take('r', [2])).toEqual({
      changes: { gold: { $inc: -500 } }, deletes: false, diff: [{ path: '/gold', old: 550, new: 50 }],
      conflicts: [{ path: '/gold', resolution: 'taken back by the amount' }],
    });
  });

  it('is a value only where nobody has set it since, and once he is taken back too it is', () => {
    const game = new Game().write(set('/rank', 'novice'), set('/title', 'a')).write(set('/rank', 'king'), set('/title', 'b')).write(set('/title', 'c'));
    expect(game.take('r', [2])).toMatchObject({ changes: { rank: 'novice' }, conflicts: [{ path: '/title', resolution: 'kept' }] });
    expect(game.take('s', [3])).toMatchObject({ changes: { title: 'a' }, conflicts: [] });
    expect(game.undo('r').changes).toEqual({ rank: 'king', title: 'b' });
  });

  it('brings back what was deleted, also what was empty, and deletes what would never have been', () => {
    expect(new Game().write(set('/gold', 1)).write(['del']).take('r', [2])).toMatchObject({ changes: { gold: 1 }, deletes: false });
    expect(new Game().write(set('/gold', 1)).take('r', [1])).toMatchObject({ changes: {}, deletes: true });
    expect(new Game().write(set('/gold', 1)).write(['del']).take('r', [1, 2])).toMatchObject({ changes: {}, deletes: false });
    const empty = new Game().write(['unset', '/gold', 'lww']).write(['del']);
    empty.take('r', [2]);
    expect(empty.now).toMatchObject({ data: {}, deleted: false });
  });

  it('is counted by the definition where its events are not read', () => {
    const game = new Game({ ...FREE, isCounter: ([key]) => key === 'gold' }).write(set('/gold', 100), set('/level', 1)).write(inc('/gold', 500), set('/level', 7));
    expect(game.back('r', 1)!.changes).toEqual({ gold: { $inc: -500 }, level: 1 });
  });

  it('stops at the bounds, also below a path that comes back whole', () => {
    const game = new Game(NO_DEBT).write(set('/bag', { gold: 100 })).write(inc('/bag/gold', 500)).write(inc('/bag/gold', -550)).write(['unset', '/bag', 'lww']);
    expect(game.take('r', [2, 4])).toMatchObject({
      diff: [{ path: '/bag', new: { gold: 0 } }], conflicts: expect.arrayContaining([{ path: '/bag/gold', resolution: 'limited by the bounds' }]),
    });
  });

  it('asks for no debt later, and gives back no more than it took', () => {
    const game = new Game(NO_DEBT).write(set('/gold', 100)).write(set('/title', 'a')).write(inc('/gold', 500)).write(set('/title', 'b')).write(inc('/gold', -550));
    game.take('r', [3]);
    expect(game.now.data).toEqual({ gold: 0, title: 'b' });
    game.write(inc('/gold', 30));
    game.take('s', [4]);
    expect(game.now.data).toEqual({ gold: 30, title: 'a' });
    game.undo('r');
    expect(game.now.data).toEqual({ gold: 80, title: 'a' });
  });
});
