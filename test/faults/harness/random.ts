/** Numbers that a seed brings back (mulberry32), so that a failed run can be started again with the same choices. */
export class Random {
  constructor(private state: number) {}

  /** From 0 up to, and without, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

/** `FAULTS_SEED`, or another one each time. */
export function seedOfRun(): number {
  return Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000);
}
