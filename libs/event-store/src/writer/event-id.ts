import { randomFillSync } from 'node:crypto';
import { type Hlc, hlcToMs } from '@app/kernel';
import { v7 as uuidv7 } from 'uuid';

const BYTES_AN_ID = 16;
/** Asking the system for every id's random bytes was an eighth of the append's time in Node. */
const pool = new Uint8Array(BYTES_AN_ID * 512);
let used = pool.length;

/**
 * A UUID of version 7 (RFC 9562) with the clock's milliseconds and, as the sequence that breaks ties, its counter: ids of one
 * process are in the order of its clock, and the 58 bits that are left are random.
 */
export function eventIdAt(hlc: Hlc): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + BYTES_AN_ID);
  used += BYTES_AN_ID;
  const counter = Number(hlc & 0xffffn);
  const seq = ((counter << 16) | (random[0]! << 8) | random[1]!) >>> 0;
  return uuidv7({ msecs: hlcToMs(hlc), seq, random });
}
