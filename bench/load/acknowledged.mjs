/**
 * What a generator knows to be true: the versions that were acknowledged to it, and when. A read that is sent later must show at
 * least that. Times are of one clock, the generator's.
 */
export class Acknowledged {
  #of;

  constructor(count) {
    this.#of = Array.from({ length: count }, () => []);
  }

  /** Answers to writers may overtake each other: only what is newer than the newest one says more. */
  written(who, version, at) {
    const known = this.#of[who];
    if (known.length === 0 || known.at(-1).version < version) known.push({ version, at });
  }

  /**
   * How long a newer version had been acknowledged when a read was sent that was answered with `version`; 0: it was not stale.
   */
  staleness(who, version, sentAt) {
    const known = this.#of[who];
    let oldest;
    for (let i = known.length - 1; i >= 0 && known[i].version > version; i -= 1) oldest = known[i];
    return oldest === undefined ? 0 : Math.max(0, sentAt - oldest.at);
  }
}
