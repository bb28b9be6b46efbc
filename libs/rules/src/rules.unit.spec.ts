import type { RuleOfType } from '@app/kernel';
import { rulesInForce } from './in-force.js';
import { CandidateRule, RuleDeclaration } from './rule-declaration.js';
import { RulesFile } from './rules-file.js';

const head = { id: 'a-rule', aggregateType: 'player', mode: 'flag', about: 'x' };
const bounds = { ...head, kind: 'bounds', path: 'gold', max: 1 };

describe('a rule as JSON', () => {
  it.each<[string, object]>([
    ['bounds', bounds],
    ['monotonic', { ...head, kind: 'monotonic', path: 'a/*/b', direction: 'down' }],
    ['rate', { ...head, kind: 'rate', path: 'gold', max: 5, windowSeconds: 60 }],
    ['transition', { ...head, kind: 'transition', path: 'status', forbidden: [['a', '*'], [null, true]] }],
    ['conserve', { ...head, kind: 'conserve', terms: [{ aggregateType: 'player', path: 'bag/*', counts: 'for' }] }],
  ])('%s is what was written', (_kind, declaration) => expect(RuleDeclaration.parse(declaration)).toEqual(declaration));

  it.each<[string, object]>([
    ['no kind', head], ['another kind', { ...bounds, kind: 'magic' }], ['no bound', { ...bounds, max: undefined }],
    ['bounds that cross', { ...bounds, min: 2 }], ['an unknown field', { ...bounds, most: 1 }], ['an empty path', { ...bounds, path: '' }],
    ['a pointer', { ...bounds, path: '/gold' }], ['another type', { ...bounds, aggregateType: 'pet' }], ['an id with blanks', { ...bounds, id: 'a b' }],
    ['no window', { ...head, kind: 'rate', path: 'gold', max: 5 }],
    ['a triple', { ...head, kind: 'transition', path: 'status', forbidden: [['a', 'b', 'c']] }],
    ['terms that do not go together', { ...head, kind: 'conserve', terms: [
      { aggregateType: 'player', path: 'bag/*', counts: 'for' }, { aggregateType: 'player', path: 'gold', counts: 'for' }] }],
  ])('refuses %s', (_what, declaration) => expect(RuleDeclaration.safeParse(declaration).success).toBe(false));

  it('needs no mode to be tried', () => {
    const { mode: _mode, ...candidate } = bounds;
    expect(CandidateRule.parse(candidate)).toMatchObject({ mode: 'flag' });
    expect(CandidateRule.safeParse([]).success).toBe(false);
  });
});

describe("the operator's word on rules", () => {
  const shipped = [bounds as RuleOfType];
  it('sets modes and adds rules', () => {
    const file = RulesFile.parse({ modes: { 'a-rule': 'reject', other: 'off' }, rules: [{ ...bounds, id: 'other' }] });
    expect(rulesInForce(shipped, file).map(({ id, mode }) => [id, mode])).toEqual([['a-rule', 'reject'], ['other', 'off']]);
    expect(rulesInForce(shipped, RulesFile.parse({}))).toEqual(shipped);
  });

  it('is refused where it does not go with the rules there are', () => {
    expect(() => rulesInForce(shipped, RulesFile.parse({ modes: { nobody: 'off' } }))).toThrow('nobody, which is not there');
    expect(() => rulesInForce(shipped, RulesFile.parse({ rules: [bounds] }))).toThrow('a-rule is there twice');
    expect(RulesFile.safeParse({ modes: { 'a-rule': 'loud' } }).success).toBe(false);
  });
});
