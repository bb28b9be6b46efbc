import { ArrayParameter } from './array-parameter.js';

/** The elements of a parameter, taken apart again. */
function elements(value: Buffer | null): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 20; value && at < value.length;) {
    const length = value.readInt32BE(at);
    found.push(value.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

describe('an array parameter', () => {
  // Of each kind more than there is room for at first, so that it grows on the way.
  const COUNT = 5_000;
  const numbers = Array.from({ length: COUNT }, (_, i) => i);

  it('keeps every boolean', () => {
    const array = new ArrayParameter('bool', 1);
    for (const i of numbers) array.addBoolean(i % 3 === 0);
    expect(elements(array.value()).map((bytes) => bytes[0])).toEqual(numbers.map((i) => (i % 3 === 0 ? 1 : 0)));
  });

  it('keeps every big integer', () => {
    const array = new ArrayParameter('int8', 1);
    for (const i of numbers) array.addBigInt(BigInt(i) << 40n);
    expect(elements(array.value()).map((bytes) => bytes.readBigInt64BE())).toEqual(numbers.map((i) => BigInt(i) << 40n));
  });

  it('keeps every integer and text', () => {
    const integers = new ArrayParameter('int8', 1);
    const texts = new ArrayParameter('text', 1);
    for (const i of numbers) {
      integers.addInteger(i * 2 ** 33);
      texts.addText(`ü${i}`);
    }
    expect(elements(integers.value()).map((bytes) => Number(bytes.readBigInt64BE()))).toEqual(numbers.map((i) => i * 2 ** 33));
    expect(elements(texts.value()).map(String)).toEqual(numbers.map((i) => `ü${i}`));
  });
});
