import { AGGREGATE_TYPES, MERGE_KINDS } from '@app/kernel';
import { RuleDeclaration, RulesFile, rulesInForce } from '@app/rules';
import { type AggregateDefinition } from './definition.js';
import { DEFINITIONS, shippedRules } from './definitions/index.js';

const KEY = String.raw`(?:[a-z][A-Za-z]*|\*)`;
const FIELD = new RegExp(`^[a-z][A-Za-z]*(?:/${KEY})*$`);

/** Whether some path fits both patterns. */
function overlap(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i] || key === '*' || b[i] === '*');
}

/** What a game needs at the least; issue of the project, section 4. */
const NAMED: Record<string, readonly string[]> = {
  player: [
    'PlayerLevelUp', 'ItemAcquired', 'ItemConsumed', 'CurrencyEarned', 'CurrencySpent', 'QuestAccepted',
    'QuestCompleted',
  ],
  guild: ['MemberJoined', 'MemberLeft', 'TreasuryDeposited', 'TreasuryWithdrawn', 'ScoreEarned'],
  world: ['TerritoryCaptured', 'NpcFateDecided', 'FactionPowerChanged'],
  economy: ['PriceChanged', 'ItemListed', 'SupplyChanged'],
  combat: ['CombatStarted', 'DamageDealt', 'UnitDefeated', 'CombatEnded'],
};

it('there is one definition for each aggregate type', () => {
  expect(Object.keys(DEFINITIONS).sort()).toEqual([...AGGREGATE_TYPES].sort());
});

it('the rules are JSON as an operator would write it, each with an id of its own, on fields that there are', () => {
  for (const rule of shippedRules()) {
    expect(RuleDeclaration.parse(JSON.parse(JSON.stringify(rule)))).toEqual(rule);
    const places = rule.kind === 'conserve' ? rule.terms : [{ aggregateType: rule.aggregateType, path: rule.path }];
    for (const { aggregateType, path } of places) {
      const fields = Object.keys(DEFINITIONS[aggregateType as keyof typeof DEFINITIONS].fields);
      expect([rule.id, fields.some((field) => overlap(field.split('/'), path.split('/')))]).toEqual([rule.id, true]);
    }
  }
  expect(rulesInForce(shippedRules(), RulesFile.parse({}))).toEqual(shippedRules());
});

describe.each(Object.entries(DEFINITIONS))('the definition of %s', (type, definition: AggregateDefinition) => {
  const fields = Object.entries(definition.fields);
  const events = Object.entries(definition.events);
  const patterns = fields.map(([field]) => field.split('/'));

  it('bears its own name', () => {
    expect(definition.type).toBe(type);
  });

  it('has well-formed fields with a word on each', () => {
    expect(fields.length).toBeGreaterThan(0);
    for (const [field, rule] of fields) {
      expect(field).toMatch(FIELD);
      expect(rule.about.trim()).not.toBe('');
    }
  });

  it('has one rule at most for any path, and none below another', () => {
    patterns.forEach((a, i) => patterns.slice(i + 1).forEach((b) => {
      const depth = Math.min(a.length, b.length);
      const pair = `${a.join('/')} ${b.join('/')}`;
      expect([pair, overlap(a.slice(0, depth), b.slice(0, depth))]).toEqual([pair, false]);
    }));
  });

  it('merges each field in a way that fits what it holds', () => {
    for (const [field, { holds, merge, min, max }] of fields) {
      const numeric = holds === 'whole number' || holds === 'number';
      const where = `${field}: ${merge} of ${holds}`;
      expect(MERGE_KINDS).toContain(merge);
      if (['sum', 'bcounter', 'max', 'min'].includes(merge)) expect([where, numeric]).toEqual([where, true]);
      // Sums of fractions depend on their order, and two regions would disagree.
      if (['sum', 'bcounter'].includes(merge)) expect([where, holds]).toEqual([where, 'whole number']);
      if (merge === 'bcounter') expect([where, min]).toEqual([where, expect.any(Number)]);
      if (merge === 'sum') expect([where, min, max]).toEqual([where, undefined, undefined]);
      if (['orset', 'vote'].includes(merge)) expect([where, holds]).toEqual([where, 'text']);
      if (min !== undefined || max !== undefined) expect([where, numeric]).toEqual([where, true]);
      expect(min ?? -Infinity).toBeLessThanOrEqual(max ?? Infinity);
    }
  });

  it('has events in the past tense, whose fields exist', () => {
    const known = new Set(patterns.map(([top]) => top));
    for (const [name, { about, changes }] of events) {
      expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(name).not.toMatch(/^State(Updated|Patched|Deleted)$/);
      expect(about.trim()).not.toBe('');
      expect(changes.length).toBeGreaterThan(0);
      expect(new Set(changes).size).toBe(changes.length);
      expect(changes.filter((field) => !known.has(field))).toEqual([]);
    }
  });

  it('has the events that a game cannot do without', () => {
    expect(events.map(([name]) => name)).toEqual(expect.arrayContaining([...NAMED[type]!]));
  });
});
