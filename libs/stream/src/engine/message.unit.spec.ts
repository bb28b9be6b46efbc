import type { Writable } from 'node:stream';
import fc from 'fast-check';
import * as ws from 'ws';
import { Parcel } from './message.js';

/** The library's own parser of frames, which its types leave out. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** What a client's library makes of the bytes, however they are cut. */
async function read(bytes: Buffer, cuts: readonly number[]): Promise<string[]> {
  const receiver = new Receiver({ isServer: false });
  const messages: string[] = [];
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push(isBinary ? 'binary' : data.toString()));
  let at = 0;
  for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    if (end > at) await new Promise((resolve) => receiver.write(bytes.subarray(at, end), resolve));
    at = Math.max(at, end);
  }
  await new Promise((resolve) => receiver.end(resolve));
  return messages;
}

describe('a parcel', () => {
  const edges = fc.constantFrom(1, 2, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 200_000);
  const text = fc.oneof(
    edges.map((length) => 'x'.repeat(length)), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
    edges.map((length) => 'ä'.repeat(Math.ceil(length / 2))),
  );

  it('is read by a WebSocket client as the texts it holds', async () => {
    await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(), { maxLength: 5 }), async (texts, cuts) => {
      expect(await read(new Parcel(texts.map((each) => ({ text: each }))).webSocket, cuts)).toEqual(texts);
    }), { numRuns: 300 });
  });

  it('is one event a message, with the cursor as its id where there is one', () => {
    const parcel = new Parcel([{ text: '{"a":1}', cursor: 'c1' }, { text: '{"b":"ä\\ny"}' }], 7);
    expect(parcel.serverSent.toString()).toBe('id: c1\ndata: {"a":1}\n\ndata: {"b":"ä\\ny"}\n\n');
    expect([parcel.position, parcel.size]).toEqual([7, 20]); // in bytes
    expect(parcel.serverSent).toBe(parcel.serverSent); // made once
    expect(parcel.webSocket).toBe(parcel.webSocket);
  });
});
