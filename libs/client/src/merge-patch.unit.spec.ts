import { applyChanges } from './merge-patch.js';

describe('applyChanges', () => {
  // The examples of RFC 7396, appendix A, that have an object on both sides.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (data, changes, result) => expect(applyChanges<object>(data, changes)).toEqual(result));

  it.each([
    [{ gold: 5 }, { gold: { $inc: 3 } }, { gold: 8 }],
    [{}, { purse: { gold: { $inc: -3 } } }, { purse: { gold: -3 } }],
    [{ gold: 'much' }, { gold: { $inc: 3 } }, { gold: 'much' }],
    [{}, { gold: { $inc: 1, other: 2 } }, { gold: { $inc: 1, other: 2 } }],
  ])('%j with the increment %j is %j', (data, changes, result) => expect(applyChanges<object>(data, changes)).toEqual(result));

  it('changes nothing in place and shares what it did not touch', () => {
    const data = { a: { x: 1 }, b: { y: 1 } };
    const result = applyChanges(data, { a: { x: 2 } });
    expect(data).toEqual({ a: { x: 1 }, b: { y: 1 } });
    expect(result.b).toBe(data.b);
  });

  it('takes __proto__ as a key like any other', () => {
    const result = applyChanges({}, JSON.parse('{"__proto__":{"admin":true}}') as object);
    expect(Object.keys(result)).toEqual(['__proto__']);
    expect((result as { admin?: boolean }).admin).toBeUndefined();
  });
});
