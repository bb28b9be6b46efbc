import { type Json, type JsonObject, MERGE_KINDS, type Op } from '@app/kernel';
import { toOps } from './changes.js';
import { type AggregateDefinition, counter, decimal, type FieldRule, flag, text, whole } from './definition.js';
import { DEFINITIONS } from './definitions/index.js';
import { assertBounds, mergeOf, ruleOf } from './rules.js';

const definition: AggregateDefinition = {
  type: 'economy', events: {},
  fields: {
    level: whole('Level', { min: 1, max: 10, merge: 'max' }),
    price: decimal('Price', { min: 0 }),
    name: text('Name'),
    open: flag('Open'),
    'bag/*': counter('Items', { min: 0 }),
    'bag/gem': counter('Gems'),
    'units/*/hp': whole('Hit points', { min: 0 }),
    'units/boss/rage': whole('Rage'),
  },
};

function refusalOf(changes: JsonObject, state: JsonObject = {}): unknown {
  try {
    assertBounds(definition, toOps(changes, state, definition));
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('ruleOf', () => {
  it.each([
    [['level'], 'Level'], [['bag', 'sword'], 'Items'], [['bag', 'gem'], 'Gems'], [['bag', '*'], 'Items'],
    [['units', 'x', 'hp'], 'Hit points'], [['units', 'boss', 'hp'], 'Hit points'], [['units', 'boss', 'rage'], 'Rage'],
    [['bag', 'a/b'], 'Items'], [['bag', ''], 'Items'],
  ])('finds the rule of %j', (path, about) => {
    expect(ruleOf(definition, path)?.about).toBe(about);
  });

  it.each([
    [[]], [['bag']], [['other']], [['bag', 'sword', 'deep']], [['units', 'x']], [['units', 'x', 'mp']],
    [['units', 'x', 'rage']], [['level', 'x']], [['*']], [['bag/gem']], [['__proto__']], [['constructor']],
  ])('knows nothing of %j', (path) => {
    expect(ruleOf(definition, path)).toBeUndefined();
  });
});

describe('mergeOf', () => {
  it.each<[string[], Op[0], string]>([
    [['level'], 'set', 'max'], [['level'], 'inc', 'max'], [['bag', 'x'], 'inc', 'bcounter'],
    [['bag', 'gem'], 'inc', 'sum'],
    [['other'], 'set', 'lww'], [['other'], 'inc', 'sum'], [['other'], 'unset', 'lww'], [['bag'], 'obj', 'lww'],
  ])('%j by %s merges as %s', (path, op, merge) => {
    expect(mergeOf(definition, path, op)).toBe(merge);
  });
});

describe('assertBounds', () => {
  it.each<[JsonObject, JsonObject]>([
    [{ level: 1 }, {}], [{ level: 10 }, {}], [{ price: 0.5 }, {}], [{ name: '' }, {}], [{ open: false }, {}],
    [{ bag: { x: { $inc: -2 } } }, { bag: { x: 2 } }], [{ bag: { gem: { $inc: -5 } } }, {}], [{ level: null }, {}],
    [{ other: -5, bag: {}, units: { x: { mp: 'any' } } }, {}], [{ units: { x: null } }, {}],
    [{ extra: { level: -1 } }, {}],
  ])('lets %j pass on %j', (changes, state) => {
    expect(refusalOf(changes, state)).toBeUndefined();
  });

  it.each<[JsonObject, JsonObject, object]>([
    [{ level: 0 }, {}, { path: '/level', rule: 'min', value: 0 }],
    [{ level: 11 }, {}, { path: '/level', rule: 'max', value: 11 }],
    [{ level: 1.5 }, {}, { path: '/level', rule: 'type', value: 1.5 }],
    [{ level: '5' }, {}, { path: '/level', rule: 'type', value: '5' }],
    [{ level: { $inc: 1 } }, { level: 10 }, { path: '/level', rule: 'max', value: 11 }],
    [{ level: { $inc: 0 } }, {}, { path: '/level', rule: 'min', value: 0 }],
    [{ price: -0.01 }, {}, { path: '/price', rule: 'min', value: -0.01 }],
    [{ price: true }, {}, { path: '/price', rule: 'type', value: true }],
    [{ name: 5 }, {}, { path: '/name', rule: 'type', value: 5 }],
    [{ open: 'true' }, {}, { path: '/open', rule: 'type', value: 'true' }],
    [{ open: 0 }, {}, { path: '/open', rule: 'type', value: 0 }],
    [{ bag: { x: { $inc: -3 } } }, { bag: { x: 2 } }, { path: '/bag/x', rule: 'min', value: -1 }],
    [{ ok: 1, units: { 'a/b': { hp: -1 } } }, {}, { path: '/units/a~1b/hp', rule: 'min', value: -1 }],
    [{ level: [1] }, {}, { path: '/level', rule: 'type' }],
    [{ level: {} }, {}, { path: '/level', rule: 'type' }],
    [{ level: { x: 1 } }, { level: 5 }, { path: '/level', rule: 'type' }],
    [{ level: { x: { $inc: 1 } } }, {}, { path: '/level', rule: 'type' }],
    [{ level: { x: null } }, { level: 5 }, { path: '/level', rule: 'type' }],
    [{ bag: { gem: { deep: { deeper: 1 } } } }, {}, { path: '/bag/gem', rule: 'type' }],
  ])('refuses %j on %j', (changes, state, details) => {
    expect(refusalOf(changes, state)).toMatchObject({ error: 'RULE_VIOLATION', status: 422, details });
  });

  it('has no quarrel with a deletion', () => {
    expect(() => assertBounds(definition, [['del']])).not.toThrow();
  });
});

/** Every field of every definition, with a key in place of each `*`. */
const FIELDS = Object.values(DEFINITIONS).flatMap((each) => Object.entries(each.fields).map(
  ([field, rule]): [string, string[], FieldRule] => [each.type, field.replaceAll('*', 'k1').split('/'), rule]));

const GOOD: Record<FieldRule['holds'], (rule: FieldRule) => Json> = {
  'whole number': ({ min, max }) => min ?? max ?? -7,
  'number': ({ min, max }) => min ?? max ?? 0.25,
  'text': () => 'words',
  'flag': () => true,
};
const FOREIGN: Record<FieldRule['holds'], Json[]> = {
  'whole number': [0.5, '1', true, [1]], 'number': ['1', true, [1]], 'text': [1, true, ['a']],
  'flag': [1, 'true', [true]],
};

describe.each(FIELDS)('%s %j', (type, path, rule) => {
  const of = DEFINITIONS[type as keyof typeof DEFINITIONS];
  const pointer = `/${path.join('/')}`;
  const set = (value: Json): Op[] => [['set', pointer, rule.merge, value]];
  const refused = (name: string) => expect.objectContaining({
    error: 'RULE_VIOLATION', details: expect.objectContaining({ path: pointer, rule: name }),
  });

  it('is bounded as declared', () => {
    expect(ruleOf(of, path)).toBe(rule);
    expect(MERGE_KINDS).toContain(mergeOf(of, path, 'inc'));
    expect(() => assertBounds(of, set(GOOD[rule.holds](rule)))).not.toThrow();
    for (const value of FOREIGN[rule.holds]) expect(() => assertBounds(of, set(value))).toThrow(refused('type'));
    expect(() => assertBounds(of, [['obj', pointer, rule.merge]])).toThrow(refused('type'));
    if (rule.min !== undefined) expect(() => assertBounds(of, set(rule.min! - 1))).toThrow(refused('min'));
    if (rule.max !== undefined) expect(() => assertBounds(of, set(rule.max! + 1))).toThrow(refused('max'));
    if (rule.min !== undefined) {
      expect(() => assertBounds(of, [['inc', pointer, rule.merge, -1, rule.min! - 1]])).toThrow(refused('min'));
    }
  });
});
