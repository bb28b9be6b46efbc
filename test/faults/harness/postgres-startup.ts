import { once } from 'node:events';
import type { Socket } from 'node:net';

const SSL_REQUEST = 80_877_103;
const PROTOCOL_3 = 196_608;
const HEADER_BYTES = 8;

/** What a PostgreSQL client says first, and the name it gives itself in it. */
export interface Startup {
  readonly name: string | undefined;
  /** The packet, and what came right behind it. */
  readonly bytes: Buffer;
}

/** Reads the StartupMessage of the PostgreSQL protocol (or the CancelRequest in its place, which has no name). */
export async function readStartup(client: Socket): Promise<Startup> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const length = bytes.length >= HEADER_BYTES ? bytes.readInt32BE(0) : Infinity;
    if (bytes.length >= HEADER_BYTES && bytes.readInt32BE(4) === SSL_REQUEST) {
      client.write('N'); // then the client goes on in the clear
      bytes = bytes.subarray(HEADER_BYTES);
      continue;
    }
    if (bytes.length >= length) return { name: nameIn(bytes.subarray(0, length)), bytes };
    bytes = Buffer.concat([bytes, await nextChunk(client)]);
  }
}

async function nextChunk(client: Socket): Promise<Buffer> {
  for (;;) {
    const chunk = client.read() as Buffer | null;
    if (chunk) return chunk;
    if (client.destroyed || client.readableEnded) throw new Error('the client ended before it said who it is');
    await Promise.race([once(client, 'readable'), once(client, 'end'), once(client, 'close')]);
  }
}

function nameIn(packet: Buffer): string | undefined {
  if (packet.readInt32BE(4) !== PROTOCOL_3) return undefined;
  const words = packet.subarray(HEADER_BYTES).toString().split('\0');
  for (let i = 0; i + 1 < words.length; i += 2) {
    if (words[i] === 'application_name') return words[i + 1];
  }
  return undefined;
}
