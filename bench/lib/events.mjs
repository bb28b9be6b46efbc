// What everybody appends: the same event of about 300 bytes, to the same number of streams.
import { randomUUID } from 'node:crypto';

export const STREAMS = 10_000;

/** 300 bytes as JSON. */
export const EVENT_DATA = Object.freeze({
  name: 'x'.repeat(96), zone: 'harbour-17', note: 'y'.repeat(96), level: 12, position: { x: 1024, y: -77, z: 3 }, mood: 'calm',
  tags: 'quest,night',
});

export const EVENT_TYPE = 'Measured';

/** New ids, so that two rows on one database never meet. */
export const newIds = (count = STREAMS) => Array.from({ length: count }, () => randomUUID());

/**
 * Hands out streams one after another with the version that each has by what was acknowledged, never one that is in flight.
 */
export class Streams {
  #ids;
  #versions;
  #busy;
  #next = 0;

  constructor(ids = newIds()) {
    this.#ids = ids;
    this.#versions = new Float64Array(ids.length);
    this.#busy = new Uint8Array(ids.length);
  }

  /** Runs `append(id, expectedVersion)` on the next free stream; its version moves when that resolves. */
  withNext(append) {
    return this.withSome(1, ([{ id, version }]) => append(id, version));
  }

  /** The same for `count` streams at once. */
  async withSome(count, append) {
    const taken = Array.from({ length: count }, () => this.#take());
    try {
      await append(taken.map((at) => ({ id: this.#ids[at], version: this.#versions[at] })));
      for (const at of taken) this.#versions[at] += 1;
    } finally {
      for (const at of taken) this.#busy[at] = 0;
    }
  }

  #take() {
    let at = this.#next;
    while (this.#busy[at]) at = (at + 1) % this.#ids.length;
    this.#next = (at + 1) % this.#ids.length;
    this.#busy[at] = 1;
    return at;
  }
}
