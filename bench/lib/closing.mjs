// What was started and must end: on success, on an error, on Ctrl-C.

/** Ends things in the reverse order of their start. */
export class Closing {
  #open = [];
  #closed;

  /** @param {() => unknown} close called once, at the end or by the returned function, whichever comes first */
  add(close) {
    if (this.#closed) {
      Promise.resolve(close()).catch((error) => process.stderr.write(`could not end something: ${error.message}\n`));
      throw new Error('the benchmark is ending');
    }
    const entry = { close };
    this.#open.push(entry);
    return async () => {
      const at = this.#open.indexOf(entry);
      if (at < 0) return;
      this.#open.splice(at, 1);
      await close();
    };
  }

  /** Whether the end has begun. */
  get ended() {
    return this.#closed !== undefined;
  }

  /** Ends everything, also after one of them failed; the failures are told on stderr. */
  all() {
    this.#closed ??= (async () => {
      for (let entry = this.#open.pop(); entry; entry = this.#open.pop()) {
        try {
          await entry.close();
        } catch (error) {
          process.stderr.write(`could not end something: ${error instanceof Error ? error.message : String(error)}\n`);
        }
      }
    })();
    return this.#closed;
  }
}

/** Ends a child: politely, then by force after `patienceMs`. Resolves when it is gone. */
export function endChild(child, { signal = 'SIGTERM', patienceMs = 12_000 } = {}) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    child.kill(signal);
  });
}
