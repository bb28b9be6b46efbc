import type { JsonObject } from '@app/kernel';
import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { demandOf, ifMatchOf, isNotModified, idempotencyKeyOf, receiptOf } from './preconditions.js';

type Headers = Record<string, string | string[] | undefined>;

function request(headers: Headers, more: { method?: string; url?: string; body?: unknown } = {}): FastifyRequest {
  return { method: 'PUT', url: '/api/v1/state/player/1', body: undefined, headers, ...more } as FastifyRequest;
}

const match = (value: string) => request({ 'if-match': value });

describe('ifMatchOf', () => {
  it('is nothing without the header', () => {
    expect(ifMatchOf(request({}))).toBeUndefined();
  });

  it.each<[string, number | '*']>([
    ['*', '*'], [' * ', '*'], ['"v3"', 3], ['  "v3"', 3], ['"v9007199254740991"', Number.MAX_SAFE_INTEGER],
  ])('reads %j as %j', (header, value) => {
    expect(ifMatchOf(match(header))).toBe(value);
  });

  it.each(['W/"v3"', '"v03"', '"v0"', '"3"', '""', '"v"', '"v-1"', '"v3 "', '"V3"', '"v99999999999999999"', '"abc"'])(
    'takes %j for the tag of nothing that ever was', (header) => {
      expect(ifMatchOf(match(header))).toBe(-1);
    });

  it.each(['', 'v3', '"v3', '"v3", "v4"', '*, "v3"', '3', 'w/"v3"', '"v3"x', '**'])('refuses %j', (header) => {
    expect(() => ifMatchOf(match(header))).toThrow(
      expect.objectContaining({ error: 'VALIDATION_ERROR', details: { header: 'If-Match' } }));
  });
});

describe('demandOf', () => {
  it.each<[string | undefined, number | undefined, object]>([
    [undefined, undefined, { expectedVersion: undefined, ifMatch: undefined }],
    [undefined, 3, { expectedVersion: 3, ifMatch: undefined }],
    ['"v3"', undefined, { expectedVersion: undefined, ifMatch: 3 }],
    ['"v3"', 3, { expectedVersion: 3, ifMatch: 3 }],
    ['*', 3, { expectedVersion: 3, ifMatch: '*' }],
    ['*', 0, { expectedVersion: 0, ifMatch: '*' }],
    ['W/"v3"', 3, { expectedVersion: 3, ifMatch: -1 }],
  ])('If-Match %j beside %j', (header, expectedVersion, demand) => {
    expect(demandOf(header === undefined ? request({}) : match(header), expectedVersion)).toEqual(demand);
  });

  it.each([['"v3"', 4], ['"v3"', 0], ['"v1"', 2]])('refuses If-Match %s beside version %d', (header, expected) => {
    expect(() => demandOf(match(header), expected)).toThrow(
      expect.objectContaining({ error: 'VALIDATION_ERROR', status: 400 }));
  });
});

describe('isNotModified', () => {
  it.each([
    ['"v3"', true], ['W/"v3"', true], ['*', true], ['"v2", "v3"', true], ['"v2",W/"v3"', true], [' "v3" ', true],
    ['"v33"', false], ['"v2"', false], ['v3', false], ['', false], ['"V3"', false],
  ])('If-None-Match %j against "v3": %s', (header, expected) => {
    expect(isNotModified(request({ 'if-none-match': header }), '"v3"')).toBe(expected);
  });

  it('is false without the header', () => {
    expect(isNotModified(request({}), '"v3"')).toBe(false);
  });
});

describe('receiptOf', () => {
  const base = { method: 'PUT', url: '/api/v1/state/player/1?x=1', body: { a: 1, b: { c: [2], d: 3 } } };
  const receipt = (headers: Headers = {}, more: Partial<typeof base> | { body: unknown } = {}, part?: string) => {
    const key = idempotencyKeyOf(request({ 'idempotency-key': 'k1', ...headers }, { ...base, ...more }), 'ada')!;
    return key.receipt(key.fingerprint(), part);
  };

  it('is nothing without a key', () => {
    expect(receiptOf(request({}), 'ada')).toBeUndefined();
  });

  it('is the same for the same request, whatever the order of the keys in its body', () => {
    expect(receipt()).toEqual(receipt());
    expect(receipt({}, { body: { b: { d: 3, c: [2] }, a: 1 } })).toEqual(receipt());
  });

  it('has a key of its own for each key, subject, method, path and item of a batch', () => {
    const keys = [
      receipt(), receipt({ 'idempotency-key': 'k2' }), receipt({}, { method: 'PATCH' }),
      receipt({}, { url: '/api/v1/state/player/2?x=1' }), receipt({}, {}, '0'), receipt({}, {}, '1'),
      receiptOf(request({ 'idempotency-key': 'k1' }, base), 'bob')!,
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has a fingerprint of its own for each line of an upload', () => {
    const key = idempotencyKeyOf(request({ 'idempotency-key': 'k1' }, base), 'ada')!;
    expect(key.fingerprint('{"a":1}')).toBe(key.fingerprint('{"a":1}'));
    expect(key.fingerprint('{"a":1}')).not.toBe(key.fingerprint('{"a":2}'));
  });

  it('does not run its parts into one another', () => {
    const of = (subject: string, key: string) => receiptOf(request({ 'idempotency-key': key }, base), subject)!.key;
    expect(of('a","PUT', 'k')).not.toBe(of('a', 'k'));
    expect(of('a', 'bc')).not.toBe(of('ab', 'c'));
  });

  it('has one key and another fingerprint where query, precondition or body differ', () => {
    const others = [
      receipt({}, { url: '/api/v1/state/player/1?x=2' }), receipt({ 'if-match': '"v1"' }),
      receipt({}, { body: { a: 2 } }), receipt({}, { body: undefined }),
    ];
    expect(others.map(({ key }) => key)).toEqual(others.map(() => receipt().key));
    expect(new Set([receipt(), ...others].map(({ fingerprint }) => fingerprint)).size).toBe(others.length + 1);
  });

  it('takes any visible ASCII and keeps neither it nor the body readable', () => {
    const unit = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const visible = fc.string({ unit, minLength: 1, maxLength: 255 });
    fc.assert(fc.property(visible, fc.dictionary(fc.string(), fc.integer()), (key, body) => {
      const made = receipt({ 'idempotency-key': key }, { body: body as JsonObject });
      expect(made.key).toMatch(/^[\w-]{43}$/);
      expect(made.fingerprint).toMatch(/^[\w-]{43}$/);
    }));
  });

  it.each(['', ' ', 'a b', 'ä', 'a\tb', 'x'.repeat(256), ['a', 'b']])('refuses the key %j', (key) => {
    expect(() => receipt({ 'idempotency-key': key })).toThrow(
      expect.objectContaining({ error: 'VALIDATION_ERROR', details: { header: 'Idempotency-Key' } }));
  });
});
