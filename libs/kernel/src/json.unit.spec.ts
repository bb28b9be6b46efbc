import fc from 'fast-check';
import { fromPointer, isJsonObject, type Json, toPointer, valueAt } from './json.js';

const oddKeys = [
  '', '~', '/', '~0', '~1', '~01', '~10', 'a/b', '//', '~/~', '__proto__', 'constructor', 'ä', '😀', ' ', '"',
];
const key = fc.oneof(fc.constantFrom(...oddKeys), fc.string({ unit: 'binary', maxLength: 4 }));

describe('pointers', () => {
  // RFC 6901, section 5.
  it.each([
    ['', []], ['/foo', ['foo']], ['/foo/0', ['foo', '0']], ['/', ['']], ['/a~1b', ['a/b']], ['/c%d', ['c%d']],
    ['/e^f', ['e^f']], ['/g|h', ['g|h']], ['/i\\j', ['i\\j']], ['/k"l', ['k"l']], ['/ ', [' ']], ['/m~0n', ['m~n']],
  ])('%j names %j', (pointer, path) => {
    expect(fromPointer(pointer)).toEqual(path);
    expect(toPointer(path)).toBe(pointer);
  });

  it('reads ~01 as ~1, not as a slash', () => {
    expect(fromPointer('/~01')).toEqual(['~1']);
    expect(fromPointer('/~1~0')).toEqual(['/~']);
  });

  it('come back as the path they were made of', () => {
    fc.assert(fc.property(fc.array(key, { maxLength: 6 }), (path) => {
      expect(fromPointer(toPointer(path))).toEqual(path);
    }), { numRuns: 500 });
  });

  it('are different for different paths', () => {
    const path = fc.array(fc.constantFrom(...oddKeys), { maxLength: 3 });
    fc.assert(fc.property(path, path, (a, b) => {
      expect(toPointer(a) === toPointer(b)).toBe(a.length === b.length && a.every((part, i) => part === b[i]));
    }), { numRuns: 500 });
  });
});

describe('isJsonObject', () => {
  it.each([[{}, true], [{ a: 1 }, true], [null, false], [[], false], [1, false], ['', false], [undefined, false]])(
    '%j: %s', (value, expected) => {
      expect(isJsonObject(value)).toBe(expected);
    });
});

describe('valueAt', () => {
  const root: Json = { a: { b: [1, { c: 2 }], '': { '~/': 3 } }, n: null };

  it('follows own keys of objects', () => {
    expect(valueAt(root, [])).toBe(root);
    expect(valueAt(root, ['a', 'b'])).toEqual([1, { c: 2 }]);
    expect(valueAt(root, ['a', '', '~/'])).toBe(3);
    expect(valueAt(root, ['n'])).toBeNull();
  });

  it('is undefined where the path leaves the objects', () => {
    expect(valueAt(root, ['x'])).toBeUndefined();
    expect(valueAt(root, ['n', 'x'])).toBeUndefined();
    expect(valueAt(root, ['a', 'b', '0'])).toBeUndefined();
    expect(valueAt(5, ['x'])).toBeUndefined();
  });

  it('never finds what an object inherits', () => {
    for (const inherited of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(valueAt({}, [inherited])).toBeUndefined();
      expect(valueAt({ a: {} }, ['a', inherited, 'name'])).toBeUndefined();
    }
    expect(valueAt(JSON.parse('{"__proto__":{"x":1}}') as Json, ['__proto__', 'x'])).toBe(1);
  });
});
