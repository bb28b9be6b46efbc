import fc from 'fast-check';
import type { Note } from './entry.js';
import { RefusalBuffer } from './refusal-buffer.js';

const AT = new Date(0);

const refusal = (actor: string, action = 'getState'): Note => ({ kind: 'refusal', actor, action, outcome: 'refused', status: 403, parameters: { n: 1 } });

describe('the buffer of refusals', () => {
  it('keeps each while there is room, and counts those that are alike when there is none', () => {
    const buffer = new RefusalBuffer(2);
    for (const actor of ['a', 'b', 'a', 'a', 'b', 'a']) buffer.add(refusal(actor), AT);
    const taken = buffer.take();
    expect(taken.map(({ actor, count, parameters }) => [actor, count, parameters])).toEqual([
      ['a', 1, { n: 1 }], ['b', 1, { n: 1 }], ['a', 3, undefined], ['b', 1, undefined],
    ]);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(4);
    expect([buffer.isEmpty, buffer.take(), buffer.counted]).toEqual([true, [], 4]);
  });

  it('tells who is nobody by where he comes from', () => {
    const buffer = new RefusalBuffer(0);
    for (const address of ['::1', '::2', '::1']) buffer.add({ kind: 'authentication', action: 'getState', status: 401, address }, AT);
    expect(buffer.take().map(({ address, count }) => [address, count])).toEqual([['::1', 2], ['::2', 1]]);
  });

  it('holds a bounded number and loses none, whoever comes', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(30), fc.constantFrom('x', 'y')), { maxLength: 300 }), fc.nat(5), fc.nat(5), (all, single, groups) => {
      const buffer = new RefusalBuffer(single, groups);
      for (const [actor, action] of all) buffer.add(refusal(String(actor), action), AT);
      const taken = buffer.take();
      expect(taken.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
      expect(taken.length).toBeLessThanOrEqual(single + groups + 2);
      for (const action of ['x', 'y']) {
        expect(taken.filter((entry) => entry.action === action).reduce((sum, { count }) => sum + count, 0))
          .toBe(all.filter(([, asked]) => asked === action).length);
      }
    }));
  });
});
