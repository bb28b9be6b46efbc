import type { AggregateType, GameEvent } from '../types.js';
import { type CallOptions, callOperation } from './operations.js';
import type { Transport } from './transport.js';

export interface HistoryOptions extends Omit<CallOptions, 'idempotencyKey'> {
  readonly fromVersion?: number;
  readonly toVersion?: number;
  /** Events a request, 1 to 1000. Default: 100. */
  readonly pageSize?: number;
}

export async function* historyOf(
  transport: Transport, path: { aggregateType: AggregateType; aggregateId: string }, options: HistoryOptions,
): AsyncGenerator<GameEvent, void, undefined> {
  const { fromVersion, toVersion, pageSize: limit, ...call } = options;
  let cursor: string | undefined;
  do {
    const query = { fromVersion, toVersion, limit, cursor };
    const { headers, body } = await callOperation(transport, 'getAggregateEvents', { ...call, path, query });
    yield* body.events;
    cursor = nextCursor(headers);
  } while (cursor !== undefined);
}

/** The cursor in `Link: <…>; rel="next"` (RFC 8288). */
export function nextCursor(headers: Headers): string | undefined {
  const query = /<[^>?]*\?([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1];
  return new URLSearchParams(query).get('cursor') ?? undefined;
}
