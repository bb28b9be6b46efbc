import { type AggregateDefinition, counter, event, flag, text, whole } from '../definition.js';

export const combat: AggregateDefinition = {
  type: 'combat',
  fields: {
    status: text('active or ended'),
    turn: whole('Turn being played', { min: 0, merge: 'max' }),
    'sides/*': text('Player on a side'),
    'active/*': text('Unit a side has in the field'),
    'units/*/hp': whole('Hit points left', { min: 0 }),
    'units/*/maxHp': whole('Hit points at full health', { min: 1 }),
    'units/*/level': whole('Level of the unit', { min: 1 }),
    'units/*/status': text('Condition such as poison or sleep'),
    'units/*/uses': counter('Abilities used', { min: 0 }),
    'units/*/stats/*': counter('Stages by which a statistic is raised or lowered'),
    'units/*/defeated': flag('Out of the fight'),
    'totals/damage': counter('Damage dealt in all', { min: 0 }),
    'totals/healed': counter('Hit points healed in all', { min: 0 }),
    winner: text('Player who won'),
  },
  events: {
    CombatStarted: event('A combat began', 'status', 'sides', 'turn', 'totals', 'units', 'active'),
    TurnStarted: event('The next turn began', 'turn'),
    UnitDeployed: event('A unit entered the field', 'active', 'units'),
    AbilityUsed: event('A unit used an ability', 'units'),
    DamageDealt: event('A unit lost hit points', 'units', 'totals'),
    UnitHealed: event('A unit regained hit points', 'units', 'totals'),
    StatusApplied: event('A unit fell under a condition', 'units'),
    StatusCured: event('A condition ended', 'units'),
    StatChanged: event('A statistic was raised or lowered', 'units'),
    UnitDefeated: event('A unit is out', 'units'),
    CombatEnded: event('The combat is decided', 'status', 'turn', 'winner'),
  },
  rules: [
    { id: 'combat-ended-stays-ended', kind: 'transition', path: 'status', forbidden: [['ended', '*'], ['ended', null]], mode: 'reject', about: 'A combat that has ended does not begin again' },
    { id: 'combat-winner-stays', kind: 'transition', path: 'winner', forbidden: [['*', '*'], ['*', null]], mode: 'quarantine', about: 'Who won a combat does not change' },
    { id: 'combat-turn-never-falls', kind: 'monotonic', path: 'turn', direction: 'up', mode: 'flag', about: 'Turns are played one after another' },
  ],
};
