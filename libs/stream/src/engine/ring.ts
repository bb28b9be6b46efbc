import type { Change } from './change.js';

/** What the newest changes may take. */
const MAX_CHANGES = 8_192;
const MAX_BYTES = 16 * 1024 * 1024;

/** The newest changes of the log, so that who was away for a moment resumes without a query. */
export class Ring {
  private readonly changes: (Change | undefined)[] = Array.from({ length: MAX_CHANGES });
  private oldest = 0;
  private next = 0;
  private bytes = 0;

  /** @param start the position after which it holds every change */
  constructor(private start: number) {}

  push(change: Change): void {
    if (this.next - this.oldest === MAX_CHANGES) this.drop();
    this.changes[this.next % MAX_CHANGES] = change;
    this.next += 1;
    this.bytes += change.size;
    while (this.bytes > MAX_BYTES) this.drop();
  }

  /** The changes of a channel after a position; `undefined` if it does not hold all of them. */
  since(after: number, channel: string): Change[] | undefined {
    if (after < this.start) return undefined;
    const found: Change[] = [];
    for (let i = this.next - 1; i >= this.oldest; i -= 1) {
      const change = this.changes[i % MAX_CHANGES]!;
      if (change.position <= after) break;
      if (change.channels.includes(channel)) found.push(change);
    }
    return found.reverse();
  }

  private drop(): void {
    const slot = this.oldest % MAX_CHANGES;
    const { position, size } = this.changes[slot]!;
    this.changes[slot] = undefined;
    this.start = position;
    this.oldest += 1;
    this.bytes -= size;
  }
}
