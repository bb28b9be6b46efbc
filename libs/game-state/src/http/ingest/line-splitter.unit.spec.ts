import fc from 'fast-check';
import { LineSplitter } from './line-splitter.js';

/** The lines that come out of these chunks, as text; `null` for one that is too long. */
function cut(chunks: readonly Buffer[], maxBytes = 1000): [number, string | null][] {
  const splitter = new LineSplitter(maxBytes);
  const found: [number, string | null][] = [];
  for (const chunk of chunks) for (const { number, bytes } of splitter.split(chunk)) found.push([number, bytes?.toString() ?? null]);
  for (const { number, bytes } of splitter.rest()) found.push([number, bytes?.toString() ?? null]);
  return found;
}

const chunked = (text: string, size: number): Buffer[] => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
};

describe('LineSplitter', () => {
  it('finds the same lines however the upload is cut into chunks', () => {
    const text = fc.array(fc.constantFrom('a', 'é', '{"x":1}', '\n', '\r\n', ' ', '\n\n'), { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(fc.property(text, fc.integer({ min: 1, max: 9 }), (upload, size) => {
      const expected = upload.split('\n').map((line, i) => [i, line] as [number, string]).filter(([, line]) => line.trim() !== '');
      expect(cut(chunked(upload, size))).toEqual(expected);
    }));
  });

  it.each([1, 3, 100])('drops a line that is too long and goes on after it, in chunks of %i', (size) => {
    expect(cut(chunked('12345\n123456\n1234567890\n1\n123456', size), 5)).toEqual([
      [0, '12345'], [1, null], [2, null], [3, '1'], [4, null],
    ]);
  });

  it('has no line for nothing, and none after the last end', () => {
    expect(cut([])).toEqual([]);
    expect(cut(chunked('a\n', 1))).toEqual([[0, 'a']]);
  });
});
