import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import fc from 'fast-check';
import { ArrayParameter } from './array-parameter.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** What the server makes of the parameter, as text. */
async function received(parameter: ArrayParameter, type: string): Promise<(string | null)[]> {
  const { rows } = await db.pool.query<{ found: (string | null)[] }>(
    `SELECT ARRAY(SELECT e::text FROM unnest($1::${type}[]) AS e) AS found`, [parameter.value()]);
  return rows[0]!.found;
}

describe('a binary array parameter', () => {
  it('brings integers of every width', async () => {
    const numbers = { int2: [0, -1, 32_767, -32_768], int4: [0, -1, 2 ** 31 - 1, -(2 ** 31)],
      int8: [0, -1, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER] };
    for (const type of ['int2', 'int4', 'int8'] as const) {
      const parameter = new ArrayParameter(type, 1);
      for (const value of numbers[type]) parameter.addInteger(value);
      expect(await received(parameter, type)).toEqual(numbers[type].map(String));
    }
  });

  it('brings 64 bits, booleans and bytes', async () => {
    const bigints = new ArrayParameter('int8');
    for (const value of [0n, 2n ** 63n - 1n, -(2n ** 63n)]) bigints.addBigInt(value);
    expect(await received(bigints, 'int8')).toEqual(['0', '9223372036854775807', '-9223372036854775808']);
    const booleans = new ArrayParameter('bool');
    for (const value of [true, false]) booleans.addBoolean(value);
    expect(await received(booleans, 'boolean')).toEqual(['true', 'false']);
    const bytes = new ArrayParameter('bytea', 1);
    for (const value of ['', '00ff', 'ab'.repeat(40)]) bytes.addHex(value);
    expect(await received(bytes, 'bytea')).toEqual(['\\x', '\\x00ff', `\\x${'ab'.repeat(40)}`]);
    for (const bad of ['0', 'zz', '00zz']) expect(() => new ArrayParameter('bytea').addHex(bad)).toThrow('not hex');
  });

  it('grows, wherever that happens', async () => {
    const numbers = Array.from({ length: 2_000 }, (_, i) => i);
    const bigints = new ArrayParameter('int8', 1);
    const booleans = new ArrayParameter('bool', 1);
    for (const i of numbers) {
      bigints.addBigInt(BigInt(i));
      booleans.addBoolean(i % 3 === 0);
    }
    expect(await received(bigints, 'int8')).toEqual(numbers.map(String));
    expect(await received(booleans, 'boolean')).toEqual(numbers.map((i) => String(i % 3 === 0)));
  });

  it('brings texts as they are, and missing ones as null', async () => {
    const texts = fc.array(fc.option(fc.string({ unit: 'grapheme', maxLength: 40 }), { nil: undefined }), { minLength: 1 });
    await fc.assert(fc.asyncProperty(texts, async (values) => {
      const clean = values.map((value) => value?.replaceAll('\0', ''));
      const parameter = new ArrayParameter('text', 1);
      for (const value of clean) parameter.addText(value);
      const all = clean.every((value) => value === undefined);
      expect(all ? parameter.value() : await received(parameter, 'text'))
        .toEqual(all ? null : clean.map((value) => value ?? null));
    }), { numRuns: 50 });
  });

  it('brings JSON with its bytes', async () => {
    const parameter = new ArrayParameter('json');
    for (const text of ['{"b":1, "a":"\\n\\u0000"}', '[]']) parameter.addText(text);
    expect(await received(parameter, 'json')).toEqual(['{"b":1, "a":"\\n\\u0000"}', '[]']);
  });

  it('brings UUIDs, and refuses what is none', async () => {
    const ids = Array.from({ length: 100 }, () => randomUUID());
    const parameter = new ArrayParameter('uuid', 1);
    for (const id of ids) parameter.addUuid(id);
    parameter.addUuid(undefined);
    parameter.addUuid('ABCDEF01-2345-6789-ABCD-EF0123456789');
    expect(await received(parameter, 'uuid')).toEqual([...ids, null, 'abcdef01-2345-6789-abcd-ef0123456789']);
    const id = ids[0]!;
    for (const bad of ['', id.slice(1), `${id}0`, id.replace('-', '0'), `g${id.slice(1)}`, `${id.slice(0, 35)}g`, `é${id.slice(1)}`,
      `Ā${id.slice(1)}`]) {
      expect(() => new ArrayParameter('uuid').addUuid(bad)).toThrow('not a UUID');
    }
  });

  it('has no value when nothing was added', () => {
    expect(new ArrayParameter('text').value()).toBeNull();
  });
});
