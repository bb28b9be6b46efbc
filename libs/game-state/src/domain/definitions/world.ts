import { type AggregateDefinition, counter, event, flag, text } from '../definition.js';

export const world: AggregateDefinition = {
  type: 'world',
  fields: {
    name: text('Display name'),
    'territories/*/holder': text('Who holds a territory'),
    'territories/*/battles': counter('Battles fought for it', { min: 0 }),
    'npcs/*/alive': flag('Whether a character lives'),
    'npcs/*/fate': text('What became of it'),
    'factions/*/power': counter('Power of a faction', { min: 0 }),
    combats: counter('Combats fought in the world', { min: 0 }),
    season: text('Current season', { merge: 'home' }),
  },
  events: {
    WorldCreated: event('A world was opened', 'name', 'season', 'territories', 'npcs', 'factions'),
    TerritoryCaptured: event('A territory changed hands', 'territories'),
    InfluenceShifted: event('A combat moved influence over a territory', 'combats', 'territories'),
    NpcFateDecided: event('A character lived, died or turned', 'npcs'),
    FactionPowerChanged: event('A faction rose or fell', 'factions'),
    SeasonStarted: event('A season began', 'season'),
  },
  rules: [
    { id: 'world-combats-never-fall', kind: 'monotonic', path: 'combats', direction: 'up', mode: 'flag', about: 'A combat that was fought stays fought' },
    { id: 'world-battles-never-fall', kind: 'monotonic', path: 'territories/*/battles', direction: 'up', mode: 'flag', about: 'A battle that was fought stays fought' },
  ],
};
