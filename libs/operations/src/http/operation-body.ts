import { type Operation, OUTCOMES } from '../operation.js';
import type { Operations } from '../operations.js';

/** An operation as clients see it. */
export function operationBody({ id: operationId, number: _number, done, total, ...operation }: Operation): object {
  const { status, rate } = operation;
  const left = total - done;
  const isMoving = status === 'running' && rate > 0 && left > 0;
  return {
    operationId, ...operation, done, total,
    progress: status === 'completed' ? 1 : total > 0 ? Math.min(1, done / total) : 0,
    ...(isMoving && { etaSeconds: left / rate }),
  };
}

/** Operations as JSON text, for who tells of them live. */
export function operationTexts(operations: Operations): { read(id: string): Promise<{ readonly text: string; readonly isOver: boolean }> } {
  return {
    read: async (id) => {
      const operation = await operations.get(id);
      return { text: JSON.stringify(operationBody(operation)), isOver: (OUTCOMES as readonly string[]).includes(operation.status) };
    },
  };
}
