import { type AggregateSnapshot, EMPTY_FOLD, type EventDraft, type JsonObject, type Rule, RuleSet } from '@app/kernel';
import { DEFINITIONS } from './definitions/index.js';
import { decide } from './decide.js';
import { exempt, judge, judgeTogether } from './judge.js';

const NOW = 1_700_000_000_000;
const rule = (of: object): Rule => ({ id: 'it', about: '', mode: 'flag', ...of }) as Rule;
const bench = (...rules: Rule[]) => ({ rules: new RuleSet(rules.map((each) => ({ ...each, aggregateType: 'player' }))), now: NOW });
const state = (data: JsonObject, more: object = {}): AggregateSnapshot => (
  { ...EMPTY_FOLD, data, ref: { type: 'player', id: '62c2650a-2414-4f8c-82a4-b697cda36378' }, version: 1, hash: '', hlc: 0n, ...more });
const patch = (of: AggregateSnapshot, changes: JsonObject): EventDraft => decide(of, { kind: 'patch', changes }, DEFINITIONS.player);

describe('an event held against rules', () => {
  const top = { kind: 'bounds', path: 'level', max: 10 };
  const rate = { id: 'rate', kind: 'rate', path: 'gold', max: 10, windowSeconds: 60 };

  it('is what it was where no rule looks at it', () => {
    const draft = patch(state({}), { name: 'Ada', level: 5 });
    expect(judge(state({}), draft, bench(rule(top)))).toBe(draft);
    expect(judge(state({}), draft, bench())).toBe(draft);
  });

  it('carries what it broke, and what is to be remembered', () => {
    const judged = judge(state({}), patch(state({}), { level: 11, gold: 4 }), bench(rule(top), rule(rate)));
    expect(judged.metadata).toEqual({ $rules: { violations: [{ rule: 'it', kind: 'bounds', mode: 'flag', path: '/level', after: 11, measured: 11, limit: 10 }] } });
    expect(judged.memory).toMatchObject({ rates: { rate: { windows: { '/gold': expect.any(Array) } } } });
  });

  it('is refused by a rule that refuses, whatever others say', () => {
    const rules = bench(rule(top), rule({ ...top, id: 'strict', mode: 'reject', max: 20 }));
    expect(() => judge(state({}), patch(state({}), { level: 21 }), rules)).toThrow(expect.objectContaining({
      error: 'RULE_VIOLATION', status: 422, details: { rule: 'strict', kind: 'bounds', path: '/level', after: 21, measured: 21, limit: 20 },
    }));
    expect(judge(state({}), patch(state({}), { level: 15 }), rules).metadata).toBeDefined();
  });

  it('goes by a clock that never runs backwards in its aggregate', () => {
    const lagging = bench(rule(rate));
    const ahead = { ...lagging, now: NOW + 90_000 };
    const { memory } = judge(state({}), patch(state({}), { gold: 10 }), ahead);
    const later = state({ gold: 10 }, { memory, hlc: BigInt(ahead.now) << 16n });
    expect(judge(later, patch(later, { gold: { $inc: 1 } }), lagging).metadata).toBeDefined();
  });

  it('is exempt where it makes up for others', () => {
    const rules = bench(rule({ ...top, mode: 'reject' }));
    expect(exempt(state({}), patch(state({}), { level: 99 }), rules).metadata).toEqual({ $rules: { exempt: true } });
  });

  it('is deleted without a word', () => {
    const gone = decide(state({ level: 5 }), { kind: 'delete' }, DEFINITIONS.player);
    expect(judge(state({ level: 5 }), gone, bench(rule({ kind: 'monotonic', path: 'level', direction: 'up', mode: 'reject' })))).toBe(gone);
  });

  it('together with others is held against sums, beside its own rules, and a refusal names its item', () => {
    const sums = rule({ id: 'sums', kind: 'conserve', terms: [{ aggregateType: 'player', path: 'gold', counts: 'for' }] });
    const states = [state({ gold: 5 }), state({ gold: 5 })];
    const drafts = [patch(states[0]!, { gold: 4 }), patch(states[1]!, { gold: 7, level: 11 })];
    const [from, to] = judgeTogether(states, drafts, bench(sums, rule(top)));
    expect(from).toBe(drafts[0]);
    expect(to!.metadata).toMatchObject({ $rules: { violations: [{ rule: 'it', path: '/level' }, { rule: 'sums', path: '/gold', measured: 1 }] } });
    expect(() => judgeTogether(states, drafts, bench({ ...sums, mode: 'reject' })))
      .toThrow(expect.objectContaining({ details: expect.objectContaining({ rule: 'sums', index: 1, aggregateType: 'player' }) }));
  });
});
