import { refKey } from '@app/kernel';
import type { Command } from './command.js';

/** What makes two commands the same one sent twice: their idempotency key, and the event id that the publisher chose. */
export function keysOf({ aggregates, receipt, publisherEvent }: Command): string[] {
  const keys = receipt ? [receipt.key] : [];
  return publisherEvent ? [...keys, `${refKey(aggregates[0]!)}/${publisherEvent.eventId}`] : keys;
}

/** Lets one command a key through at a time: a twin waits for the first one's verdict, and then finds it in the database. */
export class Twins {
  private readonly inFlight = new Map<string, Promise<void>>();

  async inTurn<T>(keys: readonly string[], start: () => Promise<T>): Promise<T> {
    if (keys.length === 0) return start();
    for (let twin = this.of(keys); twin; twin = this.of(keys)) await twin;
    const result = start();
    const over = result.then(() => undefined, () => undefined);
    for (const key of keys) this.inFlight.set(key, over);
    try {
      return await result;
    } finally {
      for (const key of keys) this.inFlight.delete(key);
    }
  }

  private of(keys: readonly string[]): Promise<void> | undefined {
    return keys.map((key) => this.inFlight.get(key)).find((twin) => twin !== undefined);
  }
}
