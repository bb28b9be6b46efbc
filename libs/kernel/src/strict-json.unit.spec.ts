import fc from 'fast-check';
import { ServiceError } from './errors.js';
import { BATCH_JSON_LIMITS, JSON_LIMITS, type JsonLimits, type JsonRefusal, parseStrictJson } from './strict-json.js';

type Body = string | Buffer;
const KIB = 1024;
const R = String.raw;

const parse = (body: Body, limits?: JsonLimits) =>
  parseStrictJson(typeof body === 'string' ? Buffer.from(body, 'utf8') : body, limits);

function refusalOf(body: Body, limits?: JsonLimits): ServiceError {
  try {
    parse(body, limits);
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

const reasonOf = (body: Body, limits?: JsonLimits) => refusalOf(body, limits).details?.['reason'];
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const keyed = (keys: number) => `{${Array.from({ length: keys }, (_, i) => `"k${i}":${i}`).join(',')}}`;

describe('parseStrictJson accepts', () => {
  it.each([
    'null', ' true\n', '0', '-0', '""', '[]', '{}', '{"":0}', '{"a":{"b":1},"b":[1,{"a":2}],"c":{"b":1}}',
    '9007199254740991', '-9007199254740991', '9007199254740991.0', '9007199254740991.4', '9007199254740991e0',
    '90071992547409910e-1', '9.007199254740991E+15', '-9007199254740990.5', '0.1',
    '1e15', '1E-400', '-1e-999', '5e-324',
    '0.30000000000000004', '3.141592653589793238462643383279', '0e999999', '[-1,2.5,3e2]',
    R`"\ud83d\ude00"`, R`"\uD83D\uDE00"`, '"😀"', R`"\\u0000"`, R`"\\ud800"`, R`"\"\\\/\b\f\n\r\t\u0001"`,
    '"\u007f\u2028\ufeff"',
    '{"proto":1,"constructors":2,"__proto":3,"Prototype":4}', '["__proto__","constructor","prototype"]',
    R`{"a":1,"A":2,"\u00e4":3,"a\u0308":4}`, R`{"x\\u0061":1,"xa":2}`, '{"1":1,"01":2,"1.0":3}',
    '{"a" \t\r\n : 1 , "b":[ ] }',
  ])('%j', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('bodies at the limits', () => {
    expect(parse(nested(32))).toEqual(JSON.parse(nested(32)));
    expect(parse(keyed(10_000))).toEqual(JSON.parse(keyed(10_000)));
    expect(parse(`"${'x'.repeat(256 * KIB - 2)}"`)).toHaveLength(256 * KIB - 2);
  });
});

type Case = readonly [text: string, path: string, offset: number];

const refused: readonly (readonly [JsonRefusal, string, readonly Case[]])[] = [
  ['nul_character', 'VALIDATION_ERROR', [
    [R`"\u0000"`, '', 0],
    [R`{"a":["x","y\u0000"]}`, '/a/1', 10],
    [R`{"a":{"b":1,"c\u0000":2}}`, '/a', 12],
  ]],
  ['lone_surrogate', 'VALIDATION_ERROR', [
    [R`"\ud83d"`, '', 0],
    [R`["\ude00\ud83d"]`, '/0', 1],
    [R`["😀\uDE00"]`, '/0', 1],
    [R`["\ud83dx\ude00"]`, '/0', 1],
    [R`["\ud83d\\ude00"]`, '/0', 1],
    [R`{"\udfff":1}`, '', 1],
    [R`{"a":1,"b":{"\ud800":1}}`, '/b', 12],
  ]],
  ['duplicate_key', 'VALIDATION_ERROR', [
    ['{"a":1,"a":1}', '/a', 7],
    [R`{"a":1,"\u0061":2}`, '/a', 7],
    [R`{"\u0061":{"a":1},"b":2, "a" :3}`, '/a', 25],
    ['{"x/y":[0,{"a":1,"b":{"a":1},"a":2}]}', '/x~1y/1/a', 29],
    ['{"":1,"":2}', '/', 6],
    [R`{"\/":1,"/":2}`, '/~1', 8],
    [R`{"😀":1,"\ud83d\ude00":2}`, '/😀', 8],
    ['{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"1":1}', '/1', 55],
    ['{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"9":1}', '/9', 55],
  ]],
  ['forbidden_key', 'VALIDATION_ERROR', [
    ['{"__proto__":1}', '/__proto__', 1],
    [R`{"a":[{"\u005f_proto\u005F_":{}}]}`, '/a/0/__proto__', 7],
    ['{"constructor":{"prototype":1}}', '/constructor', 1],
    [R`{"a":{"b":{"prototyp\u0065":1}}}`, '/a/b/prototype', 11],
  ]],
  ['unsafe_number', 'VALIDATION_ERROR', [
    '9007199254740992', '9007199254740993', '-9007199254740992', '9007199254740991.9', '9007199254740991.5',
    '1e16', '1E+16', '9007199254740992.0', '90071992547409930e-1', '0.9007199254740993e16', '1e999', '-1e999', '1e308',
    '12345678901234567890', '9'.repeat(400), `${'9'.repeat(30)}e-10`,
  ].flatMap((text) => [[text, '', 0], [`{"a":[0, ${text} ]}`, '/a/1', 9]] as Case[])],
  ['too_deep', 'VALIDATION_ERROR', [
    [nested(33), '/0'.repeat(32), 32],
    ['{"a":'.repeat(33) + '1' + '}'.repeat(33), '/a'.repeat(32), 160],
  ]],
  ['byte_order_mark', 'MALFORMED_JSON', [['\ufeff{}', '', 0]]],
  ['syntax', 'MALFORMED_JSON', [
    ['[1,2', '', 4], ['{"a":1,}', '', 7], ["{'a':1}", '', 1], ['{a:1}', '', 1], ['{} {}', '', 3],
    [R`["\x"]`, '', 3], [R`{"\u00g0":1}`, '', 6], ['["a\u0000"]', '', 3], ['["a\n"]', '', 3],
  ]],
];

describe('parseStrictJson refuses', () => {
  describe.each(refused)('%s as %s', (reason, word, cases) => {
    it.each(cases)('%j', (text, path, offset) => {
      const error = refusalOf(text);
      expect(error.error).toBe(word);
      expect(error.status).toBe(400);
      expect(error.details).toMatchObject(word === 'VALIDATION_ERROR' ? { reason, path, offset } : { reason, offset });
    });
  });

  it.each([
    '', ' ', '[1 2]', 'NaN', 'Infinity', '-Infinity', '+1', '01', '1.', '.5', '0x10', '1e', '--1', 'nul',
    'undefined', '[1,]', '[,1]', '["a":1]', ':', '"', '"abc', '"\\', '"\\"', '{"a"', '{"a":',
    ']', '}}', ',', '// x\n1', "'a'", '"\u0000"', '\u0000', '[1]\u0000', '\u00a01',
  ])('%j as no JSON', (text) => {
    expect(refusalOf(text).error).toBe('MALFORMED_JSON');
  });

  it.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['a cut sequence', [0x22, 0xe2, 0x82, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an overlong NUL', [0x22, 0xc0, 0x80, 0x22]],
    ['a surrogate in three bytes', [0x22, 0xed, 0xa0, 0xbd, 0x22]],
    ['a code point past U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['Latin-1', [...Buffer.from('{"ä":1}', 'latin1')]],
    ['UTF-16', [...Buffer.from('\ufeff{}', 'utf16le')]],
  ])('%s as invalid UTF-8', (_name, bytes) => {
    const error = refusalOf(Buffer.from(bytes));
    expect([error.error, error.details]).toEqual(['MALFORMED_JSON', { reason: 'invalid_utf8' }]);
  });

  it('too many keys, all objects counted together', () => {
    const error = refusalOf(keyed(10_001));
    expect(error.error).toBe('VALIDATION_ERROR');
    expect(error.details).toMatchObject({ reason: 'too_many_keys', path: '/k10000', limit: 10_000 });
    expect(reasonOf(`[${keyed(5_000)},${keyed(5_001)}]`)).toBe('too_many_keys');
  });

  it('too many bytes, not characters, before it looks at any', () => {
    const error = refusalOf(Buffer.alloc(256 * KIB + 1, 0xff));
    expect([error.error, error.status]).toEqual(['PAYLOAD_TOO_LARGE', 413]);
    expect(error.details).toEqual({ reason: 'body_too_large', limit: 256 * KIB });
    expect(reasonOf(`"${'€'.repeat(90_000)}"`)).toBe('body_too_large');
  });

  it('without repeating the body', () => {
    for (const body of ['secret', '{"secret":secret}', '{"secret":"secret', 'x JSON at position 7']) {
      const error = refusalOf(body);
      expect(JSON.stringify([error.message, error.details])).not.toMatch(/secret|position 7|:7/);
    }
    const path = String(refusalOf(`{"${'😀'.repeat(1000)}":{"${'k'.repeat(1000)}":1e999}}`).details?.['path']);
    expect(path).toBe(`/${'😀'.repeat(127)}`);
  });
});

describe('limits', () => {
  const small: JsonLimits = { maxBytes: 200, maxDepth: 2, maxKeys: 3 };
  const batch: JsonLimits = { ...small, items: { depth: 2, maxBytes: 40 } };

  it('hold for a whole body', () => {
    expect(parse('{"a":[1],"b":{"c":1}}', small)).toEqual({ a: [1], b: { c: 1 } });
    expect(reasonOf('{"a":[[]]}', small)).toBe('too_deep');
    expect(reasonOf('{"a":{"b":1,"c":1,"d":1}}', small)).toBe('too_many_keys');
    expect(reasonOf(`"${'x'.repeat(199)}"`, small)).toBe('body_too_large');
  });

  it('hold for each item of a batch alone', () => {
    const item = '{"a":[1],"b":1,"c":1}';
    const text = `{"x":1,"events":[${Array.from({ length: 5 }, () => item).join(' , ')}]}`;
    expect(parse(text, batch)).toEqual(JSON.parse(text));
    const bad = (one: string) => refusalOf(`{"events":[${item},${item},${one},${item}]}`, batch).details;
    expect(bad('{"a":[[1]]}')).toMatchObject({ reason: 'too_deep', path: '/events/2/a/0', limit: 2 });
    expect(bad('{"a":{"b":1,"c":1,"d":1}}')).toMatchObject({ reason: 'too_many_keys', path: '/events/2/a/d' });
    expect(bad(`"${'€'.repeat(13)}"`)).toMatchObject({ reason: 'item_too_large', path: '/events/2', limit: 40 });
    expect(bad('{"a":1,"a":2}')).toMatchObject({ reason: 'duplicate_key', path: '/events/2/a' });
    expect(reasonOf(`{"events":[${'1234,'.repeat(40)}0]}`, batch)).toBe('body_too_large');
  });

  it('measure an item in bytes, wherever it ends', () => {
    for (const size of [40, 41]) {
      const long = `"${'x'.repeat(size - 2)}"`;
      for (const list of [`[${long}]`, `[1,${long}]`, `[${long},1]`, `{"a":1},{"b":${long}}`, `[[]],[${long}]`]) {
        const text = `[${list}]`;
        if (size === 40 && !list.includes('"b"')) expect(parse(text, batch)).toEqual(JSON.parse(text));
        else expect(refusalOf(text, batch).error).toBe('PAYLOAD_TOO_LARGE');
      }
    }
  });

  it('count the items of a batch while they are scanned', () => {
    const few: JsonLimits = { ...batch, items: { ...batch.items!, maxCount: 3 } };
    expect(parse('{"events":[1,[2],{"a":3}]}', few)).toHaveProperty('events.length', 3);
    expect(refusalOf('{"events":[1,[2],{"a":3},4]}', few)).toMatchObject({
      error: 'VALIDATION_ERROR', details: { reason: 'too_many_items', path: '/events/3', limit: 3 },
    });
    // What comes after the last item that is let in is not looked at any more.
    expect(reasonOf('{"events":[1,2,3,4,{"__proto__":1}', few)).toBe('too_many_items');
  });

  it('count the keys around the items by themselves', () => {
    expect(parse('{"a":[{"x":1,"y":1}],"b":[{"x":1,"y":1}],"c":[{"x":1}]}', batch)).toHaveProperty('c');
    expect(reasonOf('{"a":[{}],"b":[{}],"c":[{}],"d":[{}]}', batch)).toBe('too_many_keys');
  });

  it('of a batch let 8 MiB of items of 256 KiB pass, and no more', () => {
    const item = JSON.stringify({ data: 'x'.repeat(256 * KIB - 11) });
    const events = (count: number) => `{"events":[${Array.from({ length: count }, () => item).join(',')}]}`;
    expect(item).toHaveLength(256 * KIB);
    expect(parse(events(31), BATCH_JSON_LIMITS)).toHaveProperty('events.length', 31);
    expect(reasonOf(events(33), BATCH_JSON_LIMITS)).toBe('body_too_large');
    expect(refusalOf(`{"events":[1,{"data":"${'x'.repeat(256 * KIB)}"}]}`, BATCH_JSON_LIMITS).details)
      .toMatchObject({ reason: 'item_too_large', path: '/events/1' });
    expect(parse(`{"events":[${nested(32)}]}`, BATCH_JSON_LIMITS)).toBeDefined();
    expect(reasonOf(`{"events":[${nested(33)}]}`, BATCH_JSON_LIMITS)).toBe('too_deep');
    expect(JSON_LIMITS).toEqual({ maxBytes: 262_144, maxDepth: 32, maxKeys: 10_000 });
  });
});

describe('hostile bodies are answered in linear time', () => {
  const fill = (open: string, part: string, close: string) =>
    open + part.repeat(Math.floor((256 * KIB - open.length - close.length) / part.length)) + close;
  // Quadratic work on a quarter of a million characters takes minutes, linear work a few milliseconds.
  it.each<[string, string]>([
    ['open brackets', '['.repeat(100_000)], ['closed brackets', nested(128 * KIB)],
    ['open objects', fill('', '{"a":', '')], ['digits', fill('', '9', '')], ['decimals', fill('0.', '1', '')],
    ['exponent', fill('1e', '9', '')], ['minus signs', fill('', '-', '')], ['numbers', fill('[', '-1e-9,', '1]')],
    ['unicode escapes', fill('"', R`\u0041`, '"')], ['backslashes', fill('"', '\\\\', '"')],
    ['surrogate pairs', fill('"', R`\ud83d\ude00`, '"')], ['high surrogates', fill('"', R`\ud83d`, '"')],
    ['short strings', fill('[', R`"\u0041",`, '1]')], ['quotes', fill('', '"', '')], ['spaces', fill('', ' ', '1')],
    ['spaces after a key', fill('{"a"', ' ', ':1}')], ['keys', keyed(9_999)], ['empty objects', fill('[', '{},', '1]')],
    ['equal keys at every depth', `${'{"a":'.repeat(31)}${keyed(9_000)}${'}'.repeat(31)}`],
    ['a long key above a fault', `{"${'k'.repeat(250 * KIB)}":1e999}`],
    ['integer keys', `{${Array.from({ length: 9_999 }, (_, i) => `"${i * 65_536}":0`).join(',')}}`],
  ])('%s', (_name, text) => {
    const body = Buffer.from(text);
    const start = process.cpuUsage(); // not the clock: on a busy machine somebody else has the processor meanwhile
    try {
      parseStrictJson(body);
    } catch (error) {
      expect(error).toBeInstanceOf(ServiceError);
    }
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(2_000_000);
  });
});

/** Draws a number from 0 up to, not including, `sides`. */
type Dice = (sides: number) => number;
const dice = fc.infiniteStream(fc.nat(0xffff)).map((stream): Dice => (sides) => Number(stream.next().value) % sides);

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];
const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
const key = fc.oneof(text, fc.constantFrom('', 'a', 'b', '/', '~', '"', '\\', '😀'))
  .filter((k) => !FORBIDDEN.includes(k));
const safeNumber = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, noNaN: true }),
);
const value = fc.anything({ key, values: [fc.constant(null), fc.boolean(), text, safeNumber], maxDepth: 5 });

/** JSON text put into a document as it is. */
class Raw {
  constructor(readonly text: string) {}
}

function quote(content: string, roll: Dice): string {
  const plain = (character: string) => JSON.stringify(character).slice(1, -1);
  const parts = Array.from(content, (character) => (roll(4) === 0 ? escape(character, roll) : plain(character)));
  return `"${parts.join('')}"`;
}

function escape(content: string, roll: Dice): string {
  const digits = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0');
  return content.split('').map((unit) => `\\u${roll(2) ? digits(unit) : digits(unit).toUpperCase()}`).join('');
}

/** A value as JSON text, with white space and escapes wherever the dice put them. */
function write(source: unknown, roll: Dice): string {
  const gap = () => ['', '', '', ' ', '\n\t\r  '][roll(5)];
  const list = (parts: string[]) => parts.map((part) => gap() + part + gap()).join(',') || gap();
  if (source instanceof Raw) return source.text;
  if (typeof source === 'string') return quote(source, roll);
  if (Array.isArray(source)) return `[${list(source.map((item) => write(item, roll)))}]`;
  if (typeof source !== 'object' || source === null) return JSON.stringify(source);
  return `{${list(Object.entries(source).map(([k, v]) => `${quote(k, roll)}${gap()}:${gap()}${write(v, roll)}`))}}`;
}

/** A document with a fragment somewhere in it. */
const siblings = fc.array(value, { maxLength: 3 });
const around = fc.array(fc.tuple(siblings, fc.option(key), siblings), { maxLength: 8 }).map(
  (layers) => (fragment: Raw) => layers.reduce<unknown>((inner, [before, k, after]) => (k === null
    ? [...before, inner, ...after]
    : Object.fromEntries([['before', before], [k, inner], ['after', after]])), fragment),
);

/** Fragments with one fault; JSON.parse takes each of them without a word. */
const faults: Record<string, fc.Arbitrary<(roll: Dice) => string>> = {
  nul_character: fc.tuple(text, text, fc.boolean()).map(([a, b, isKey]) => (roll) =>
    inString(quote(a, roll), R`\u0000`, quote(b, roll), isKey)),
  lone_surrogate: fc.tuple(text, fc.integer({ min: 0xd800, max: 0xdfff }), text, fc.boolean()).map(
    ([a, half, b, isKey]) => (roll) =>
      inString(quote(a, roll), escape(String.fromCharCode(half), roll), quote(b, roll), isKey),
  ),
  duplicate_key: fc.tuple(key, fc.dictionary(key, value), value).map(([k, others, v]) => (roll) => {
    const { [k]: _twin, ...between } = others;
    const members = write(between, roll).slice(1, -1);
    return `{${quote(k, roll)}:${write(v, roll)},${members.trim() ? `${members},` : ''}${quote(k, roll)} :0}`;
  }),
  forbidden_key: fc.tuple(fc.constantFrom(...FORBIDDEN), value).map(([k, v]) => (roll) =>
    `{"x":1,${quote(k, roll)}:${write(v, roll)}}`),
  unsafe_number: fc.oneof(
    fc.tuple(fc.bigInt({ min: 2n ** 53n, max: 10n ** 40n }), fc.constantFrom('', '.0', '.75', 'e0', 'E+2', '0e-1'))
      .map(([n, tail]) => n + tail),
    fc.integer({ min: 16, max: 9999 }).map((exponent) => `1e${exponent}`),
    fc.constantFrom('9007199254740991.5', '9007199254740991.9', '0.9007199254740992e16'),
  ).map((number) => (roll) => (roll(2) ? '-' : '') + number),
  too_deep: fc.integer({ min: 33, max: 200 }).map((depth) => () => nested(depth)),
};

/** Two quoted strings made one, with a piece between them. */
function inString(head: string, piece: string, tail: string, isKey: boolean): string {
  const whole = head.slice(0, -1) + piece + tail.slice(1);
  return isKey ? `{${whole}:1}` : whole;
}

describe('parseStrictJson, whatever comes', () => {
  const runs = { numRuns: 300 };

  it('equals JSON.parse for what JSON.stringify writes', () => {
    fc.assert(fc.property(value, (source) => {
      const body = JSON.stringify(source);
      expect(parse(body)).toEqual(JSON.parse(body));
    }), runs);
  });

  it('equals JSON.parse for any spelling of it', () => {
    fc.assert(fc.property(value, dice, (source, roll) => {
      const body = write(source, roll);
      expect(parse(body)).toEqual(JSON.parse(JSON.stringify(source)));
    }), runs);
  });

  it.each(Object.entries(faults))('finds one %s anywhere in any spelling', (reason, fault) => {
    fc.assert(fc.property(around, fault, dice, (put, fragment, roll) => {
      const body = write(put(new Raw(fragment(roll))), roll);
      expect(() => JSON.parse(body)).not.toThrow();
      const error = refusalOf(body);
      expect([error.error, error.status, error.details?.['reason']]).toEqual(['VALIDATION_ERROR', 400, reason]);
    }), runs);
  });

  it('finds bytes that are not UTF-8 anywhere', () => {
    const broken = fc.constantFrom([0x80], [0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80]);
    fc.assert(fc.property(around, broken, dice, (put, bytes, roll) => {
      const [head, tail] = write(put(new Raw('"<>"')), roll).split('<>', 2);
      fc.pre(head !== undefined && tail !== undefined);
      const error = refusalOf(Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]));
      expect(error.details).toEqual({ reason: 'invalid_utf8' });
    }), runs);
  });

  /** What is taken is what JSON.parse takes; what is refused is refused with a 4xx. */
  function expectVerdict(body: Buffer): void {
    try {
      const result = parseStrictJson(body);
      expect(result).toEqual(JSON.parse(body.toString('utf8')));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      expect(Math.trunc(error.status / 100)).toBe(4);
    }
  }

  it('answers any bytes with a value or a ServiceError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => expectVerdict(Buffer.from(bytes))), runs);
  });

  it('answers any row of tokens with a value or a ServiceError', () => {
    const token = fc.constantFrom(
      '{', '}', '[', ']', ':', ',', '"', '\\', R`\u`, '00', 'd83d', '1', '-', '.', 'e9', 'true', ' ', '"a"', '"":',
    );
    const row = fc.array(token, { maxLength: 24 }).map((tokens) => Buffer.from(tokens.join('')));
    fc.assert(fc.property(row, expectVerdict), { numRuns: 3000 });
  });

  it('answers a text with one character changed with a value or a ServiceError', () => {
    const change = fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '0', 'e', '\0', '\n', '\ud83d');
    fc.assert(fc.property(value, dice, change, (source, roll, replacement) => {
      const body = write(source, roll);
      const at = roll(body.length);
      expectVerdict(Buffer.from(body.slice(0, at) + replacement + body.slice(at + roll(2))));
    }), runs);
  });
});
