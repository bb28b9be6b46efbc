import type { Change } from './change.js';

/** What the newest changes may take. */
const MAX_CHANGES = 8_192;

/** The newest changes of the log, so that who was away for a moment resumes without a query. */
export class Ring {
  private readonly changes: (Change | undefined)[] = Array.from({ length: MAX_CHANGES });
  private next = 0;

  /** @param start the position after which it holds every change */
  constructor(private start: number) {}

  push(change: Change): void {
    const slot = this.next % MAX_CHANGES;
    this.start = this.changes[slot]?.position ?? this.start;
    this.changes[slot] = change;
    this.next += 1;
  }

  /** The changes of a channel after a position; `undefined` if it does not hold all of them. */
  since(after: number, channel: string): Change[] | undefined {
    if (after < this.start) return undefined;
    const found: Change[] = [];
    for (let i = this.next - 1; i >= 0 && i >= this.next - MAX_CHANGES; i -= 1) {
      const change = this.changes[i % MAX_CHANGES]!;
      if (change.position <= after) break;
      if (change.channels.includes(channel)) found.push(change);
    }
    return found.reverse();
  }
}
