import fc from 'fast-check';
import { decodeCursor, encodeCursor } from './cursor.js';

const refused = expect.objectContaining({ error: 'VALIDATION_ERROR', details: { path: '/cursor' } });

describe('cursors', () => {
  it('come back as the version they were made of and fit into a URL', () => {
    fc.assert(fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (version) => {
      const cursor = encodeCursor(version);
      expect(cursor).toMatch(/^[\w-]+$/);
      expect(decodeCursor(cursor)).toBe(version);
    }));
  });

  const text = (plain: string) => Buffer.from(plain).toString('base64url');
  it.each([
    '', 'x', '1', 'v:1', text('1'), text('v:'), text('v:-1'), text('v:1.5'), text('v:1e3'), text('V:1'), text('v:1 '),
    text('v:01'), text('v:9007199254740992'), text('v:99999999999999999999'), text('w:1'), text('v:1\n'), text('v:٣'),
    `${encodeCursor(5)}==`, ` ${encodeCursor(5)}`, `${encodeCursor(5)}!`, `${encodeCursor(5)}\0`,
  ])('%j was not given out', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(refused);
  });

  it('of random text are refused, or are one that was given out', () => {
    const almost = fc.tuple(fc.nat().map(encodeCursor), fc.string({ maxLength: 3 })).map((parts) => parts.join(''));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.base64String(), almost), (cursor) => {
      try {
        expect(encodeCursor(decodeCursor(cursor))).toBe(cursor);
      } catch (error) {
        expect(error).toEqual(refused);
      }
    }), { numRuns: 1000 });
  });
});
