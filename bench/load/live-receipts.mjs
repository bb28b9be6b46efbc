import { performance } from 'node:perf_hooks';

const TIMESTAMP = '"timestamp":"2000-01-01T';
const DAY_MS = 24 * 3600 * 1000;

/** What arrived at the sockets of this process since the last `begin`. */
export class Receipts {
  changes = 0;
  reads = 0;
  /** Since commit, in ms; filled while `isTimed`. */
  took = [];
  sample = '';
  #first = 0;
  #last = 0;
  #expected = Infinity;
  #isTimed = false;
  #failure;
  #waiting;

  /** @param {{ expected: number, isTimed?: boolean }} of */
  begin({ expected, isTimed = false }) {
    if (this.#failure) throw this.#failure;
    this.#settle(new Error('the measurement before was given up'));
    Object.assign(this, { changes: 0, reads: 0, took: [] });
    this.#expected = expected;
    this.#isTimed = isTimed;
  }

  /** Resolves when as many changes as expected arrived. */
  all(withinMs) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#settle(new Error(`${this.changes} of ${this.#expected} messages came within ${withinMs / 1000} s`)), withinMs);
      this.#waiting = (error) => {
        clearTimeout(late);
        if (error) reject(error);
        else resolve();
      };
      if (this.#failure || this.changes >= this.#expected) this.#settle(this.#failure);
    });
  }

  /** From the first receipt to the last, in ms. */
  get span() {
    return this.#last - this.#first;
  }

  changed(data, start, end) {
    if (this.changes === 0) this.#first = performance.now();
    this.changes += 1;
    if (this.#isTimed) this.took.push(sinceCommit(data, start));
    if (this.changes < this.#expected) return;
    this.#last = performance.now();
    this.sample = data.toString('utf8', start, end);
    this.#settle();
  }

  read() {
    this.reads += 1;
  }

  /** A socket that ends while it is wanted spoils the measurement. */
  closed(why) {
    this.#failure ??= new Error(`a session ended: ${why}`);
    this.#settle(this.#failure);
  }

  #settle(error) {
    const settle = this.#waiting;
    this.#waiting = undefined;
    settle?.(error);
  }
}

/** By the message's timestamp, which is of the database on the same machine, in whole ms as is what it is compared with. */
function sinceCommit(data, start) {
  const at = data.indexOf('"timestamp":"', start, 'latin1') + TIMESTAMP.length;
  const two = (from) => (data[from] - 48) * 10 + data[from + 1] - 48;
  const ofDay = ((two(at) * 60 + two(at + 3)) * 60 + two(at + 6)) * 1000 + (data[at + 9] - 48) * 100 + two(at + 10);
  const passed = Date.now() % DAY_MS - ofDay;
  return passed < -DAY_MS / 2 ? passed + DAY_MS : passed;
}
