import { compareState, countGold } from './compare.js';

const player = { aggregateType: 'player', aggregateId: 'p1' };
const data = { gold: 5, quests: { a: { steps: [1, 2] } }, none: null };

it('finds nothing where the states are the same, whatever the order of keys', () => {
  const told = { version: 2, data: { none: null, quests: { a: { steps: [1, 2] } }, gold: 5 } };
  expect(compareState({ ...player, version: 2, data }, told)).toEqual([]);
});

it.each([
  ['a version', { version: 3, data }, '/version', { expected: 2, got: 3 }],
  ['a value', { version: 2, data: { ...data, gold: 6 } }, '/data/gold', { expected: 5, got: 6 }],
  ['a value in an array', { version: 2, data: { ...data, quests: { a: { steps: [1, 3] } } } },
    '/data/quests/a/steps/1', { expected: 2, got: 3 }],
  ['an array in place of an object', { version: 2, data: { ...data, quests: [] } },
    '/data/quests', { expected: data.quests, got: [] }],
  ['a key too many', { version: 2, data: { ...data, more: 1 } }, '/data/more', { got: 1 }],
  ['a key too few', { version: 2, data: { gold: 5, quests: data.quests } }, '/data/none', { expected: null }],
  ['a number as text', { version: 2, data: { ...data, gold: '5' } }, '/data/gold', { expected: 5, got: '5' }],
])('names %s', (_what, told, path, values) => {
  expect(compareState({ ...player, version: 2, data }, told)).toEqual([{ aggregate: 'player/p1', path, ...values }]);
});

it('names a state that is not there', () => {
  expect(compareState({ ...player, version: 2, data }, undefined)).toEqual([
    { aggregate: 'player/p1', path: '/version', expected: 2 },
    { aggregate: 'player/p1', path: '/data', expected: data },
  ]);
});

it('counts gold with the players and minted with the economies', () => {
  const state = (values: Record<string, number>) => ({ version: 1, data: values });
  expect(countGold(new Map([
    ['player/1', state({ gold: 25 })], ['player/2', state({ gold: 5 })], ['player/3', state({})],
    ['guild/1', state({ gold: 7 })], ['economy/1', state({ minted: 31 })], ['economy/2', undefined],
  ]))).toEqual({ gold: 30, minted: 31 });
});
