import type { AggregateSnapshot } from '@app/kernel';
import { unborn } from './advance.js';
import { IdleStates } from './idle-states.js';

const state = (text: string): AggregateSnapshot => ({ ...unborn({ type: 'player', id: text }), data: { text } });

describe('states that nobody writes just now', () => {
  it('are kept up to their number, the longest unused let go first', () => {
    const idle = new IdleStates(2, 1_000_000);
    for (const key of ['a', 'b']) idle.set(key, state(key));
    idle.get('a');
    idle.set('c', state('c'));
    expect(['a', 'b', 'c'].map((key) => idle.get(key)?.ref.id)).toEqual(['a', undefined, 'c']);
    expect(idle.count).toBe(2);
  });

  it('are let go once the aggregate has gone on, not before', () => {
    const idle = new IdleStates(2, 1_000_000);
    idle.set('a', { ...state('a'), version: 5 });
    idle.outdate('a', 5);
    expect(idle.get('a')?.version).toBe(5);
    idle.outdate('a', 6);
    expect(idle.get('a')).toBeUndefined();
    idle.outdate('nobody', 1);
  });

  it('are kept up to their bytes, as they were told or as they are', () => {
    const idle = new IdleStates(1000, 1_000_000);
    for (let i = 0; i < 20; i += 1) idle.set(`k${i}`, state('x'.repeat(100_000)), i % 2 ? 100_000 : undefined);
    expect(idle.count).toBe(4);
    expect(idle.bytes).toBeLessThanOrEqual(1_000_000);
    expect(idle.get('k19')).toBeDefined();
    idle.set('whale', state('x'.repeat(600_000)));
    expect(idle.get('whale')).toBeUndefined(); // it alone would be too much
  });
});
