import type { JsonObject } from '@app/kernel';
import fc from 'fast-check';
import { fingerprint, redact } from './redact.js';

describe('what is kept of a request', () => {
  it.each(['token', 'accessToken', 'client_secret', 'PASSWORD', 'Authorization', 'ticket', 'apiKey', 'api-key'])('is not the value of %s, at any depth', (key) => {
    const value = { a: [{ [key]: 'hush' }], [key]: { inside: 'hush' }, other: 'seen' };
    expect(redact(value)).toEqual({ a: [{ [key]: '[redacted]' }], [key]: '[redacted]', other: 'seen' });
  });

  it('is short, printable and bounded, whatever it was', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ minLength: 100, maxLength: 1_000, unit: 'binary' }), (some, text) => {
      const kept = JSON.stringify(redact({ ...some, text, many: Array.from({ length: 100 }, () => text) } as JsonObject));
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(4_096);
      const texts: string[] = [];
      JSON.parse(kept, (key, held: unknown) => void texts.push(key, ...(typeof held === 'string' ? [held] : [])));
      expect(texts.filter((each) => /[\p{Cc}\p{Cs}]/u.test(each))).toEqual([]);
    }), { numRuns: 40 });
  });

  it('says what it left out', () => {
    expect(redact({ list: Array.from({ length: 25 }, (_, i) => i) })['list']).toHaveLength(21);
    expect(redact({ text: 'x'.repeat(500) })).toEqual({ text: `${'x'.repeat(200)}…` });
    const large = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'x'.repeat(200)]));
    expect(redact(large)).toEqual({ truncated: true, bytes: expect.any(Number), excerpt: expect.stringContaining('k0') });
  });

  it('tells secrets apart without telling them', () => {
    expect(fingerprint('a.b.c')).toMatch(/^sha256:[0-9a-f]{12}$/);
    expect(fingerprint('a.b.c')).not.toBe(fingerprint('a.b.d'));
  });
});
