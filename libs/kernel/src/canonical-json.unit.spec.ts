import { isDeepStrictEqual } from 'node:util';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson, sha256Hex } from './canonical-json.js';

/** RFC 8785 sections 3.2.2 and 3.2.3, and the test data of its reference implementation (json-canonicalization). */
const VECTORS: readonly (readonly [name: string, input: string, canonical: string])[] = [
  [
    'sample of 3.2.2',
    String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`,
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
      + String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  ],
  [
    'sorting of 3.2.3',
    String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`,
    String.raw`{"\r":"Carriage Return","1":"One",` + '"\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",'
      + '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
  ['arrays', '[\n 56,\n {"d": true, "10": null, "1": [ ]}\n]', '[56,{"1":[],"10":null,"d":true}]'],
  [
    'french',
    '{"peach": "This sorting order", "péché": "is wrong according to French", "pêche": "but canonicalization MUST",'
      + ' "sin":   "ingnore locale"}',
    '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST",'
      + '"sin":"ingnore locale"}',
  ],
  [
    'structures',
    String.raw`{
      "1": {"f": {"f": "hi","F": 5} ,"\n": 56.0},
      "10": { },
      "": "empty",
      "a": { },
      "111": [ {"e": "yes","E": "no" } ],
      "A": { }
    }`,
    String.raw`{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}`,
  ],
  ['unicode', String.raw`{"Unnormalized Unicode":"A\u030a"}`, '{"Unnormalized Unicode":"A\u030a"}'],
  ['unicode (older)', String.raw`{"Unnormalized Unicode":"\u1e0d\u0307"}`, '{"Unnormalized Unicode":"\u1e0d\u0307"}'],
  [
    'values (older)',
    String.raw`{
      "numbers": [1E30, 4.50, 333333333.33333329, 2e-3, 0.000000000000000000000000001],
      "escaping": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`,
    String.raw`{"escaping":"€$\u000f\nA'B\"\\\\\"/","literals":[null,true,false],`
      + '"numbers":[1e+30,4.5,333333333.3333333,0.002,1e-27]}',
  ],
  [
    'weird',
    String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\u000a": "Newline",
      "1": "One",
      "\u0080": "Control\u007f",
      "\ud83d\ude02": "Smiley",
      "\u00f6": "Latin Small Letter O With Diaeresis",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "</script>": "Browser Challenge"
    }`,
    String.raw`{"\n":"Newline","\r":"Carriage Return","1":"One","</script>":"Browser Challenge",`
      + '"\u0080":"Control\u007f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😂":"Smiley",'
      + '"\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
];

/** RFC 8785 section 3.2.4: the UTF-8 bytes of the canonical sample. */
const SAMPLE_BYTES = `
  7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65
  72 73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30
  30 32 2c 31 65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c
  22 5c 5c 5c 5c 5c 22 2f 22 7d`;

/** RFC 8785 appendix B: the bits of a double, and its text. */
const NUMBERS: readonly (readonly [bits: string, text: string])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];

const fromBits = (bits: string) => Buffer.from(bits, 'hex').readDoubleBE();

/** JSON values without -0, which RFC 8785 writes as 0. */
const withoutMinusZero = (values: fc.Arbitrary<unknown>) =>
  values.map((value): unknown => JSON.parse(JSON.stringify(value)));
const anyJson = withoutMinusZero(fc.jsonValue({ stringUnit: 'binary' }));
const smallJson = withoutMinusZero(fc.jsonValue({ maxDepth: 1, stringUnit: fc.constantFrom('"', '1') }));

/** The same value, the keys of every object put in the other order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value).reverse()) copy[key] = reversed(member);
  return copy;
}

describe('canonicalJson', () => {
  it.each(VECTORS)('gives the canonical text of RFC 8785: %s', (_name, input, canonical) => {
    expect(canonicalJson(JSON.parse(input))).toBe(canonical);
  });

  it('gives the bytes of RFC 8785 section 3.2.4', () => {
    const bytes = Buffer.from(canonicalJson(JSON.parse(VECTORS[0]![1])), 'utf8');
    expect(bytes.toString('hex')).toBe(SAMPLE_BYTES.replaceAll(/\s/g, ''));
  });

  it.each(NUMBERS)('writes the double %s of RFC 8785 appendix B as %s', (bits, text) => {
    expect(canonicalJson(fromBits(bits))).toBe(text);
  });

  it.each([
    ['NaN', NaN],
    ['NaN of appendix B', fromBits('7fffffffffffffff')],
    ['Infinity of appendix B', fromBits('7ff0000000000000')],
    ['-Infinity', -Infinity],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['a lone high surrogate', 'a\ud83d'],
    ['a lone low surrogate', '\ude00a'],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['an array with holes', Object.assign([], { length: 2 })],
  ])('refuses %s wherever it stands', (_name, value) => {
    for (const place of [value, [value], { key: value }, { list: [{ deep: value }] }]) {
      expect(() => canonicalJson(place)).toThrow();
    }
  });

  it('refuses a lone surrogate in a key, and a cycle', () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(() => canonicalJson({ 'a\ud83d': 1 })).toThrow();
    expect(() => canonicalJson(cycle)).toThrow();
  });

  it('takes a key named toJSON or __proto__ for what it is', () => {
    expect(canonicalJson(JSON.parse('{"toJSON":1,"__proto__":{"b":1,"a":2}}'))).toBe(
      '{"__proto__":{"a":2,"b":1},"toJSON":1}',
    );
    expect(() => canonicalJson({ toJSON: () => 1 })).toThrow();
  });

  it('gives the same text as the package canonicalize', () => {
    fc.assert(fc.property(anyJson, (value) => {
      expect(canonicalJson(value)).toBe(canonicalize(value));
    }), { numRuns: 1000 });
  });

  it('is undone by JSON.parse', () => {
    fc.assert(fc.property(anyJson, (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
    }));
  });

  it('gives its own text again', () => {
    fc.assert(fc.property(anyJson, (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }));
  });

  it('does not depend on the order in which keys were set', () => {
    fc.assert(fc.property(anyJson, (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    }));
  });

  it('gives the same text to the same values only', () => {
    fc.assert(fc.property(smallJson, smallJson, (a, b) => {
      expect(canonicalJson(a) === canonicalJson(b)).toBe(isDeepStrictEqual(a, b));
    }), { numRuns: 1000 });
  });
});

describe('sha256Hex', () => {
  // FIPS 180-4 examples, as NIST publishes them.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j', (text, digest) => {
    expect(sha256Hex(text)).toBe(digest);
  });

  it('takes the UTF-8 bytes of a text', () => {
    expect(sha256Hex('€')).toBe('c4cc90ed3d26f12d4b08a75140970a7904035c31cbb4515a83f19b9003c00d1d');
  });
});
