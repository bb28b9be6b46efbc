import { type AggregateDefinition, counter, event, text, whole } from '../definition.js';

export const guild: AggregateDefinition = {
  type: 'guild',
  fields: {
    name: text('Display name'),
    leader: text('Player who leads', { merge: 'home' }),
    level: whole('Guild level', { min: 1, merge: 'max' }),
    'members/*/rank': text('Rank of a member, by player id', { merge: 'orset' }),
    'members/*/contribution': counter('What a member gave', { min: 0 }),
    'treasury/*': counter('Amount of a currency or item', { min: 0 }),
    score: counter('Season score'),
    fought: counter('Combats its members fought', { min: 0 }),
    'votes/*/*': text('A ballot: question, then player', { merge: 'vote' }),
  },
  events: {
    GuildFounded: event('A guild was made', 'name', 'leader', 'level', 'members', 'treasury'),
    MemberJoined: event('A player entered', 'members'),
    MemberPromoted: event('A rank changed', 'members', 'leader'),
    MemberLeft: event('A player left or was sent away', 'members'),
    TreasuryDeposited: event('Something was put into the treasury', 'treasury', 'members'),
    TreasuryWithdrawn: event('Something was taken from the treasury', 'treasury'),
    ScoreEarned: event('A member earned score', 'score', 'fought'),
    ScoreReset: event('A season ended', 'score'),
    VoteCast: event('A member voted', 'votes'),
  },
  rules: [
    { id: 'guild-level-never-falls', kind: 'monotonic', path: 'level', direction: 'up', mode: 'flag', about: 'A level that was reached is kept' },
    { id: 'guild-fought-never-falls', kind: 'monotonic', path: 'fought', direction: 'up', mode: 'flag', about: 'A combat that was fought stays fought' },
    { id: 'guild-treasury-gain', kind: 'rate', path: 'treasury/*', max: 10_000_000, windowSeconds: 3600, mode: 'flag', about: 'No more than ten million of anything comes in within an hour' },
  ],
};
