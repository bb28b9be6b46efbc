// Asks a service for long work, and waits for its end.
import { setTimeout as sleep } from 'node:timers/promises';

const ASK_EVERY_MS = 50;

export function open({ port, token }) {
  const ask = async (path, body) => {
    const sent = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    const headers = { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) };
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/operations${path}`, { ...sent, headers });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${answer.error}: ${answer.message}`);
    return answer;
  };
  return {
    /** @returns units a second of its own time, and its result */
    async work({ path, body }) {
      let operation = await ask(path, body);
      while (['queued', 'running', 'cancelling'].includes(operation.status)) {
        await sleep(ASK_EVERY_MS);
        operation = await ask(`/${operation.operationId}`);
      }
      const { status, error, done, startedAt, finishedAt, result } = operation;
      if (status !== 'completed') throw new Error(`${status}: ${error}`);
      return { rate: done / ((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000), result };
    },
  };
}
