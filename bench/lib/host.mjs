// Runs a module in a process of its own, so that what makes load and what bears it do not share an event loop.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endChild } from './closing.mjs';
import { NODE_OPTIONS } from './node-options.mjs';

const CHILD = fileURLToPath(new URL('host-child.mjs', import.meta.url));

/**
 * Starts a process that imports `module` and calls its `open(options)`, whose result is an object of async functions.
 *
 * @param {import('./closing.mjs').Closing} closing
 * @param {URL} module
 * @param {object} options plain data
 * @param {Record<string, string>} [env] added to the environment
 * @returns {Promise<{ call: (name: string, argument?: object) => Promise<any>, close: () => Promise<void> }>}
 */
export async function startHost(closing, module, options = {}, env = {}) {
  const child = fork(CHILD, [], {
    execArgv: NODE_OPTIONS, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map();
  let next = 0;
  child.on('message', ({ id, result, failure }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) resolve(result);
    else reject(new Error(failure));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the process of ${nameOf(module)} ended (${signal ?? code})`));
    waiting.clear();
  });
  const send = (name, argument) => new Promise((resolve, reject) => {
    if (!child.connected) {
      reject(new Error(`the process of ${nameOf(module)} is gone`));
      return;
    }
    waiting.set(next, { resolve, reject });
    child.send({ id: next, name, argument });
    next += 1;
  });
  const close = closing.add(() => endChild(child, { patienceMs: 3_000 }));
  try {
    await send('open', { module: module.href, options });
  } catch (error) {
    await close();
    throw error;
  }
  return { call: send, close };
}

const nameOf = (module) => module.pathname.split('/').at(-1);
