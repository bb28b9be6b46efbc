import { type BackoffRange, delay, fullJitter } from '../backoff.js';
import { ApiError } from '../errors.js';
import type { JsonObject } from '../json.js';
import type { AggregateState, AggregateType, Changes, StateUpdate } from '../types.js';
import type { CallOptions } from './operations.js';

/** The changes that a state calls for; `undefined` for none. `state` is null where there is no aggregate: changes create it. */
export type Compute<Data extends object> = (
  state: AggregateState<Data> | null,
) => Changes<Data> | undefined | Promise<Changes<Data> | undefined>;

export interface UpdateWithOptions extends Omit<CallOptions, 'idempotencyKey'> {
  /** How often it is tried. Default: 10. */
  readonly attempts?: number;
  /** Waits between attempts. Default: as between those of a request. */
  readonly backoff?: BackoffRange;
  readonly metadata?: JsonObject;
  readonly userId?: string;
}

/** The two operations it is made of. */
interface States {
  state<Data extends object>(
    type: AggregateType, id: string, options: CallOptions & { consistency: 'strong' | 'bounded' },
  ): Promise<AggregateState<Data>>;
  update<Data extends object>(
    type: AggregateType, id: string, changes: Changes<Data>, options: UpdateWithOptions & { expectedVersion: number },
  ): Promise<StateUpdate>;
}

export async function updateWith<Data extends object>(
  client: States, { type, id }: { type: AggregateType; id: string }, compute: Compute<Data>,
  { attempts = 10, backoff, ...call }: UpdateWithOptions & { backoff: BackoffRange },
): Promise<StateUpdate | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    // After a conflict a read that is 150 ms old would only lose again.
    const state = await currentState<Data>(client, type, id, attempt > 1 ? 'strong' : 'bounded', call.signal);
    const changes = await compute(state);
    if (changes === undefined) return undefined;
    try {
      return await client.update<Data>(type, id, changes, { ...call, expectedVersion: state?.version ?? 0 });
    } catch (error) {
      if (!isConflict(error) || attempt >= attempts) throw error;
      await delay(fullJitter(attempt - 1, backoff), call.signal);
    }
  }
}

async function currentState<Data extends object>(
  client: States, type: AggregateType, id: string, consistency: 'strong' | 'bounded', signal: AbortSignal | undefined,
): Promise<AggregateState<Data> | null> {
  try {
    return await client.state<Data>(type, id, { consistency, signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}
