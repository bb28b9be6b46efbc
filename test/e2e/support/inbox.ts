/** A message of a stream. */
export interface Told {
  readonly messageType: string;
  readonly channel?: string;
  readonly cursor?: string;
  readonly epoch?: string;
  readonly recovered?: boolean;
  readonly eventId?: string;
  readonly aggregateId?: string;
  readonly version?: number;
  readonly state?: { readonly version: number; readonly data: Readonly<Record<string, unknown>> } | null;
  readonly [field: string]: unknown;
}

const PATIENCE_MS = 30_000;

/** What a stream said, taken in the order it came. */
export class Inbox {
  /** All of it, taken or not. */
  readonly all: Told[] = [];
  private taken = 0;
  private wake: (() => void) | undefined;

  put(message: Told): void {
    this.all.push(message);
    this.wake?.();
  }

  /** The next message. */
  async next(): Promise<Told> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.all.length === this.taken) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`nothing more came after ${JSON.stringify(this.all.slice(-5))}`);
      let late: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        late = setTimeout(resolve, left);
      });
      clearTimeout(late);
    }
    this.taken += 1;
    return this.all[this.taken - 1]!;
  }

  async take(count: number): Promise<Told[]> {
    const messages: Told[] = [];
    while (messages.length < count) messages.push(await this.next());
    return messages;
  }

  /** What comes up to a message of this type, and that message. */
  async until(messageType: string): Promise<Told[]> {
    const messages: Told[] = [];
    do messages.push(await this.next()); while (messages.at(-1)!.messageType !== messageType);
    return messages;
  }

  /** What came and was not taken. */
  get rest(): Told[] {
    return this.all.slice(this.taken);
  }
}
