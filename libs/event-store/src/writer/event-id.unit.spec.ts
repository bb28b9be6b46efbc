import { nextHlc } from '@app/kernel';
import { eventIdAt } from './event-id.js';

describe('ids of events', () => {
  it('are UUIDs of version 7 with the milliseconds of the clock', () => {
    const ms = 0x0123_4567_89ab;
    expect(eventIdAt(BigInt(ms) << 16n)).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('are in the order of the clock, within a millisecond too and at both ends of its counter', () => {
    let hlc = nextHlc(0n, 1_764_000_000_000);
    const ids: string[] = [];
    for (let i = 0; i < 70_000; i += 1) {
      ids.push(eventIdAt(hlc));
      hlc = nextHlc(hlc, 0);
    }
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('differ at the same reading: another process may have it too', () => {
    const hlc = nextHlc(0n, 1_764_000_000_000);
    expect(new Set(Array.from({ length: 2000 }, () => eventIdAt(hlc))).size).toBe(2000);
  });
});
