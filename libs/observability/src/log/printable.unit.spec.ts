import fc from 'fast-check';
import { excerpt, printable } from './printable.js';

describe('printable', () => {
  it('escapes what breaks a line, moves the cursor or turns text round', () => {
    expect(printable('a\r\nb\tc\u001b[31m\u007f\u0085\u009b\u2028\u2029\u202e\u2066\ufeffz'))
      .toBe('a\\u000d\\u000ab\\u0009c\\u001b[31m\\u007f\\u0085\\u009b\\u2028\\u2029\\u202e\\u2066\\ufeffz');
    expect(printable('\ud800x')).toBe('\\ud800x');
    expect(printable('\u{e0041}')).toBe('\\udb40\\udc41');
  });

  it('leaves visible text alone', () => {
    expect(printable('Zoë 日本 🎲 "quoted" \\ back')).toBe('Zoë 日本 🎲 "quoted" \\ back');
  });

  it('leaves nothing invisible in any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }));
  });
});

describe('excerpt', () => {
  it('cuts before it escapes, and shows the cut', () => {
    expect(excerpt('abcdef', 6)).toBe('abcdef');
    expect(excerpt('abcdefg', 6)).toBe('abcdef…');
    expect(excerpt('ab\u001bcd', 3)).toBe('ab\\u001b…');
  });

  it('does not leave half a character behind', () => {
    expect(excerpt('ab🎲', 3)).toBe('ab\\ud83c…');
  });
});
