import fc from 'fast-check';
import type { Json, JsonObject } from '../json.js';
import { EMPTY_FOLD, type Op } from '../ops.js';
import type { Rule } from './rule.js';
import { type Judged, RuleSet } from './rule-set.js';

const NOW = 1_700_000_000_000;

function rule(of: object): Rule {
  return { id: 'it', mode: 'flag', about: '', ...of } as Rule;
}

function setOf(...rules: Rule[]): RuleSet {
  return new RuleSet(rules.map((each) => ({ ...each, aggregateType: 'player' })));
}

function state(data: JsonObject, memory?: JsonObject): Judged {
  return { ...EMPTY_FOLD, data, ref: { type: 'player' }, version: 3, ...(memory && { memory }) };
}

const set = (path: string, value: Json): Op => ['set', path, 'lww', value];
const inc = (path: string, delta: number): Op => ['inc', path, 'sum', delta, 0];
const unset = (path: string): Op => ['unset', path, 'lww'];

/** What the rule finds, without what says which rule it is. */
function found(of: object, data: JsonObject, ...ops: Op[]): object[] {
  return setOf(rule(of)).judge(state(data), ops, NOW).violations.map(({ rule: _rule, kind: _kind, mode: _mode, ...rest }) => rest);
}

describe('bounds', () => {
  const bounds = { kind: 'bounds', path: 'gold', min: 0, max: 10 };
  it.each<[string, JsonObject, Op, object[]]>([
    ['within', { gold: 1 }, set('/gold', 10), []],
    ['above', { gold: 1 }, inc('/gold', 10), [{ path: '/gold', before: 1, after: 11, measured: 11, limit: 10 }]],
    ['below', {}, set('/gold', -1), [{ path: '/gold', after: -1, measured: -1, limit: 0 }]],
    ['no number', { gold: 1 }, set('/gold', 'much'), [{ path: '/gold', before: 1, after: 'much' }]],
    ['gone', { gold: 1 }, unset('/gold'), []],
    ['on the way back', { gold: 99 }, inc('/gold', -5), []],
    ['further out', { gold: 99 }, inc('/gold', 5), [{ path: '/gold', before: 99, after: 104, measured: 104, limit: 10 }]],
    ['an object in its place', { gold: 1 }, set('/gold/x', 1), [{ path: '/gold', before: 1 }]],
    ['another path', { gold: 99 }, set('/golden', 1), []],
  ])('%s', (_what, data, op, expected) => expect(found(bounds, data, op)).toEqual(expected));
});

describe('monotonic', () => {
  const up = { kind: 'monotonic', path: 'quests/*/step', direction: 'up' };
  it.each<[string, Op, object[]]>([
    ['up', set('/quests/a/step', 6), []],
    ['the same', set('/quests/a/step', 5), []],
    ['down', set('/quests/a/step', 4), [{ path: '/quests/a/step', before: 5, after: 4 }]],
    ['gone', unset('/quests/a/step'), [{ path: '/quests/a/step', before: 5 }]],
    ['gone with what was around it', unset('/quests/a'), [{ path: '/quests/a/step', before: 5 }]],
    ['several', set('/quests', 0), [{ path: '/quests/a/step', before: 5, paths: 2 }]],
    ['no number', set('/quests/a/step', null), [{ path: '/quests/a/step', before: 5 }]],
    ['a first value', set('/quests/c/step', -4), []],
    ['the whole aggregate deleted', ['del'], []],
  ])('%s', (_what, op, expected) => expect(found(up, { quests: { a: { step: 5 }, b: { step: 1 } } }, op)).toEqual(expected));

  it('down goes down', () => {
    const down = { kind: 'monotonic', path: 'lives', direction: 'down' };
    expect(found(down, { lives: 3 }, inc('/lives', -1))).toEqual([]);
    expect(found(down, { lives: 3 }, inc('/lives', 1))).toEqual([{ path: '/lives', before: 3, after: 4 }]);
  });
});

describe('transition', () => {
  const ended = { kind: 'transition', path: 'status', forbidden: [['ended', '*'], ['ended', null], [null, 'ended'], [true, false]] };
  it.each<[string, JsonObject, Op, number]>([
    ['allowed', { status: 'active' }, set('/status', 'ended'), 0],
    ['forbidden', { status: 'ended' }, set('/status', 'active'), 1],
    ['forbidden to nothing', { status: 'ended' }, unset('/status'), 1],
    ['forbidden from nothing', {}, set('/status', 'ended'), 1],
    ['to the same', { status: 'ended' }, set('/status', 'ended'), 0],
    ['of flags', { status: true }, set('/status', false), 1],
    ['of flags, the other way', { status: false }, set('/status', true), 0],
  ])('%s', (_what, data, op, count) => expect(found(ended, data, op)).toHaveLength(count));
});

describe('rate', () => {
  const rate = rule({ kind: 'rate', path: 'gold', max: 100, windowSeconds: 60 });
  it('adds up the increases, whatever went out between', () => {
    const rules = setOf(rate);
    const first = rules.judge(state({ gold: 0 }), [inc('/gold', 70)], NOW);
    expect(first.violations).toEqual([]);
    const spent = rules.judge(state({ gold: 70 }, first.memory), [inc('/gold', -70)], NOW + 1000);
    expect(spent).toEqual({ violations: [] });
    const second = rules.judge(state({ gold: 0 }, first.memory), [set('/gold', 31)], NOW + 2000);
    expect(second.violations).toMatchObject([{ rule: 'it', kind: 'rate', path: '/gold', before: 0, after: 31, measured: 101, limit: 100 }]);
    expect(rules.judge(state({ gold: 0 }, first.memory), [set('/gold', 31)], NOW + 70_000).violations).toEqual([]);
  });

  it('lets an event that makes up for others through, and takes off what it takes back', () => {
    const rules = setOf(rate);
    const { memory } = rules.judge(state({ gold: 0 }), [inc('/gold', 100)], NOW);
    const after = rules.compensate(state({ gold: 100 }, memory), [inc('/gold', -40)], NOW);
    expect(rules.judge(state({ gold: 60 }, after), [inc('/gold', 40)], NOW).violations).toEqual([]);
    expect(rules.judge(state({ gold: 60 }, after), [inc('/gold', 41)], NOW).violations).toHaveLength(1);
    expect(rules.compensate(state({ gold: 60 }, after), [inc('/gold', 1000)], NOW)).toBeUndefined();
  });

  it('never accepts more than the maximum within any window, whatever is tried when', () => {
    const step = fc.record({ after: fc.integer({ min: 0, max: 20_000 }), amount: fc.integer({ min: -50, max: 120 }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rules = setOf(rate);
      let now = NOW;
      let [gold, memory]: [number, JsonObject | undefined] = [0, undefined];
      const accepted: { at: number; amount: number }[] = [];
      for (const { after, amount } of steps) {
        now += after;
        const judged = rules.judge(state({ gold }, memory), [inc('/gold', amount)], now);
        if (judged.violations.length > 0) continue;
        if (amount > 0) accepted.push({ at: now, amount });
        [gold, memory] = [gold + amount, judged.memory ?? memory];
      }
      for (const { at: end } of accepted) {
        const sum = accepted.filter(({ at }) => at > end - 60_000 && at <= end).reduce((all, { amount }) => all + amount, 0);
        expect(sum).toBeLessThanOrEqual(100);
      }
    }));
  });
});

describe('conserve', () => {
  const rules = new RuleSet([{
    ...rule({ kind: 'conserve', terms: [
      { aggregateType: 'player', path: 'bag/*', counts: 'for' }, { aggregateType: 'guild', path: 'vault/*', counts: 'for' },
      { aggregateType: 'economy', path: 'made/*', counts: 'against' },
    ] }), aggregateType: 'player',
  }]);
  const party = (type: string, data: JsonObject, ...ops: Op[]) => ({ state: { ...state(data), ref: { type } }, ops });
  const check = (...parties: ReturnType<typeof party>[]) => rules.judgeTogether(parties).map(({ party: place, violation: { path, measured } }) => [place, path, measured]);

  it('lets things change hands, and be made by whoever counts that', () => {
    expect(check(party('player', { bag: { gem: 3 } }, inc('/bag/gem', -2)), party('guild', {}, set('/vault/gem', 2)))).toEqual([]);
    expect(check(party('player', {}, set('/bag/gem', 2)), party('economy', { made: { gem: 7 } }, inc('/made/gem', 2)))).toEqual([]);
    expect(check(party('player', { bag: { gem: 2 } }, unset('/bag')), party('player', {}, set('/bag/gem', 2)))).toEqual([]);
  });

  it('names who has too much, or too little', () => {
    expect(check(party('player', { bag: { gem: 3 } }, inc('/bag/gem', -2)), party('player', {}, set('/bag/gem', 5)))).toEqual([[1, '/bag/gem', 3]]);
    expect(check(party('player', { bag: { gem: 3 } }, unset('/bag/gem')), party('player', {}, set('/bag/gem', 1)))).toEqual([[0, '/bag/gem', -2]]);
    expect(check(party('player', { bag: { gem: 3 } }, inc('/bag/gem', -2)), party('player', {}, set('/bag/ore', 2)))).toEqual([[0, '/bag/gem', -2], [1, '/bag/ore', 2]]);
    expect(check(party('player', {}, set('/bag/gem', 0.5)), party('player', {}, set('/bag/gem', 1)))).toEqual([[0, '/bag/gem', 1]]);
  });

  it('does not look at one aggregate alone', () => {
    expect(check(party('player', {}, set('/bag/gem', 5)))).toEqual([]);
  });

  it('is found by any path that is part of a sum, also where it is off', () => {
    const parties = [party('player', { bag: { gem: 3 } }, inc('/bag/gem', -2)), party('guild', {}, set('/vault/gem', 3))];
    const off = new RuleSet(rules.all.map((each) => ({ ...each, mode: 'off' })));
    for (const path of [['bag', 'gem'], ['vault', 'gem'], ['made', 'ore']]) {
      expect(off.ledgerOf(path)!.check(parties)).toMatchObject([{ party: 1, violation: { path: '/vault/gem', measured: 1 } }]);
    }
    for (const path of [['bag'], ['bag', 'gem', 'x'], ['gem', 'bag']]) expect(off.ledgerOf(path)).toBeUndefined();
  });

  it('holds exactly where the naive sums of all keys stay, for any transfers', () => {
    const bag = fc.dictionary(fc.constantFrom('gem', 'ore', '*', 'a/b'), fc.integer({ min: 0, max: 9 }));
    fc.assert(fc.property(fc.array(fc.tuple(bag, bag), { minLength: 2, maxLength: 5 }), (pairs) => {
      const parties = pairs.map(([from, to]) => party('player', { bag: from },
        ...Object.entries(to).map(([key, value]) => set(`/bag/${key.replace('/', '~1')}`, value))));
      const difference = (key: string) => pairs.reduce((sum, [from, to]) => sum + (to[key] ?? from[key] ?? 0) - (from[key] ?? 0), 0);
      expect(rules.judgeTogether(parties).length > 0).toBe(['gem', 'ore', '*', 'a/b'].some((key) => difference(key) !== 0));
    }));
  });
});

describe('the rules of a type', () => {
  it('say nothing where they are off, of another type, or of other paths', () => {
    expect(found({ kind: 'bounds', path: 'gold', max: 1, mode: 'off' }, {}, set('/gold', 9))).toEqual([]);
    const rules = setOf(rule({ kind: 'bounds', path: 'gold', max: 1 }));
    expect(rules.judge({ ...state({}), ref: { type: 'guild' } }, [set('/gold', 9)], NOW).violations).toEqual([]);
    expect(rules.judge(state({}), [set('/silver', 9), set('/a~1gold', 9)], NOW).violations).toEqual([]);
  });

  it('are looked at all where several name a path', () => {
    const top = (id: string, path: string): Rule => rule({ id, kind: 'bounds', path, max: 1 });
    const rules = setOf(top('any', 'bag/*'), top('gems', 'bag/gem'), top('same', 'bag/gem'), top('ore', 'bag/ore'));
    const { violations } = rules.judge(state({}), [set('/bag/gem', 9)], NOW);
    expect(violations.map((violation) => violation.rule).sort((a, b) => (a < b ? -1 : 1))).toEqual(['any', 'gems', 'same']);
  });

  it('find every touched path as a comparison of all paths does', () => {
    const key = fc.constantFrom('a', 'b', '*');
    const path = fc.array(key, { minLength: 1, maxLength: 3 });
    const { tree } = fc.letrec<{ tree: Json; node: JsonObject }>((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.integer({ min: 0, max: 3 }), tie('node')),
      node: fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
    }));
    const op = fc.tuple(fc.constantFrom('set', 'unset'), path, fc.integer({ min: 0, max: 3 }));
    fc.assert(fc.property(fc.dictionary(key, tree), path, op, (data, pattern, [kind, at, value]) => {
      const pointer = `/${at.join('/')}`;
      const ops = [kind === 'set' ? set(pointer, value) : unset(pointer)];
      const rules = setOf(rule({ kind: 'monotonic', path: pattern.join('/'), direction: 'up' }));
      const names = rules.judge(state(data), ops, NOW).violations.map((violation) => violation.paths ?? 1);
      const numbers = (from: JsonObject) => new Map(leaves(from, []).filter(([leaf]) => leaf.length === pattern.length
        && pattern.every((wanted, i) => wanted === '*' || wanted === leaf[i])).map(([leaf, number]) => [leaf.join('/'), number]));
      const [before, after] = [numbers(data), numbers(folded(data, ops))];
      const broken = [...before].filter(([name, number]) => !((after.get(name) ?? -1) >= number));
      expect(names[0] ?? 0).toBe(broken.length);
    }), { numRuns: 500 });
  });
});

function leaves(value: Json, path: string[]): [string[], number][] {
  if (typeof value === 'number') return [[path, value]];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key])) : [];
}

function folded(data: JsonObject, ops: readonly Op[]): JsonObject {
  const copy = structuredClone(data);
  for (const op of ops) {
    if (op[0] !== 'set' && op[0] !== 'unset') continue;
    const keys = op[1].slice(1).split('/');
    let owner = copy;
    for (const key of keys.slice(0, -1)) {
      if (typeof owner[key] !== 'object') {
        if (op[0] === 'unset') return copy;
        owner[key] = {};
      }
      owner = owner[key] as JsonObject;
    }
    if (op[0] === 'set') owner[keys.at(-1)!] = op[3];
    else delete owner[keys.at(-1)!];
  }
  return copy;
}
