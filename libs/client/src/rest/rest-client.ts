import type { JsonObject } from '../json.js';
import type { Settings } from '../options.js';
import type {
  AggregateState, AggregateType, BatchResult, Changes, EventToPublish, GameEvent, Health, PublishedEvent, StateUpdate,
} from '../types.js';
import { type HistoryOptions, historyOf, nextCursor } from './history.js';
import { type CallOptions, callOperation, type OperationId, type OperationInput, type OperationOutput, sendTo } from './operations.js';
import { Positions } from './positions.js';
import type { Transport } from './transport.js';
import { type Compute, updateWith, type UpdateWithOptions } from './update-with.js';

export interface ReadOptions extends CallOptions {
  /** The state after this version, not the current one. */
  readonly version?: number;
  /** The state as it was at this time (ISO 8601). */
  readonly at?: string;
  /** `strong` reads the database; `bounded`, the default, is at most 150 ms old. */
  readonly consistency?: 'strong' | 'bounded';
  /** Adds the newest 100 events. */
  readonly includeEvents?: boolean;
  /** False: need not show this client's own writes. Default: as the client was told. */
  readonly readYourWrites?: boolean;
}

export interface UpdateOptions extends CallOptions {
  /** The version that the changes are based on; 0: must not exist yet. */
  readonly expectedVersion: number;
  /** Kept with the event. */
  readonly metadata?: JsonObject;
  readonly userId?: string;
}

export interface DeleteOptions extends CallOptions {
  /** Without it whatever is there is deleted. */
  readonly expectedVersion?: number;
}

export interface SendOptions extends CallOptions {
  readonly query?: object;
  readonly body?: object;
}

/** The operations over HTTP. All throw `ApiError` for a refusal and `ConnectionError` where no answer came. */
export class RestClient {
  private readonly positions = new Positions();

  constructor(protected readonly settings: Settings, protected readonly transport: Transport) {}

  /** Any operation of the OpenAPI document, by its id. */
  async request<Id extends OperationId>(id: Id, input: OperationInput<Id>): Promise<OperationOutput<Id>> {
    return (await callOperation(this.transport, id, input)).body;
  }

  /** A request by its method and path, for what this version of the client has no name for. Its body is JSON. */
  async send(method: string, path: string, { query, body, ...call }: SendOptions = {}): Promise<unknown> {
    return (await sendTo(this.transport, { method, path, query, body, ...call })).body;
  }

  /** The bodies of a list, page by page as they are consumed: from each the header Link leads to the next. */
  async *pages(path: string, { query, ...call }: Omit<SendOptions, 'body'> = {}): AsyncGenerator<unknown, void, undefined> {
    let cursor: string | undefined;
    do {
      const { headers, body } = await sendTo(this.transport, { method: 'GET', path, query: { ...query, cursor }, ...call });
      yield body;
      cursor = nextCursor(headers);
    } while (cursor !== undefined);
  }

  /** The state of an aggregate. A missing or deleted one is an `ApiError` with `STATE_NOT_FOUND`. */
  async state<Data extends object = JsonObject>(
    type: AggregateType, id: string, options: ReadOptions = {},
  ): Promise<AggregateState<Data>> {
    const { version, at, consistency, includeEvents, readYourWrites = this.settings.readYourWrites, ...call } = options;
    const answer = await callOperation(this.transport, 'getAggregateState', {
      ...call, path: pathOf(type, id), query: { version, at, consistency, includeEvents },
      headers: readYourWrites ? this.positions.demand(type, id) : {},
    });
    return answer.body as AggregateState<Data>;
  }

  /** Changes a state that is at the expected version, or creates it with version 0. Another version is `VERSION_CONFLICT`. */
  async update<Data extends object = JsonObject>(
    type: AggregateType, id: string, changes: Changes<Data>, options: UpdateOptions,
  ): Promise<StateUpdate> {
    const { expectedVersion, metadata, userId, ...call } = options;
    const body = { changes, expectedVersion, metadata, userId };
    const answer = await callOperation(this.transport, 'updateAggregateState', { ...call, path: pathOf(type, id), body });
    this.positions.wrote(type, id, answer.headers, answer.body.newVersion);
    return answer.body;
  }

  /** Reads, computes changes and writes them; on a conflict does so again, for at most `attempts` times. */
  updateWith<Data extends object = JsonObject>(
    type: AggregateType, id: string, compute: Compute<Data>, options: UpdateWithOptions = {},
  ): Promise<StateUpdate | undefined> {
    return updateWith(this, { type, id }, compute, { backoff: this.settings.backoff, ...options });
  }

  /** Changes a state whatever its version. A missing or deleted one is `STATE_NOT_FOUND`. */
  async patch<Data extends object = JsonObject>(
    type: AggregateType, id: string, changes: Changes<Data>, options: CallOptions = {},
  ): Promise<StateUpdate> {
    const input = { ...options, path: pathOf(type, id), body: changes };
    const answer = await callOperation(this.transport, 'patchAggregateState', input);
    this.positions.wrote(type, id, answer.headers, answer.body.newVersion);
    return answer.body;
  }

  /** Deletes a state; its history stays. */
  async delete(type: AggregateType, id: string, options: DeleteOptions = {}): Promise<void> {
    const { expectedVersion, ...call } = options;
    const input = { ...call, path: pathOf(type, id), query: { expectedVersion } };
    const answer = await callOperation(this.transport, 'deleteAggregateState', input);
    this.positions.wrote(type, id, answer.headers);
  }

  /** Appends an event and folds it into its aggregate, which it creates or revives. */
  async publish(event: EventToPublish, options: CallOptions = {}): Promise<PublishedEvent> {
    const answer = await callOperation(this.transport, 'publishEvent', { ...options, body: event });
    this.positions.wrote(event.aggregateType, event.aggregateId, answer.headers, answer.body.eventVersion);
    return answer.body;
  }

  /** Appends up to 500 events, each with its own result: a refused one refuses no other. Those of one aggregate in their order. */
  async publishBatch(events: readonly EventToPublish[], options: CallOptions = {}): Promise<BatchResult> {
    const answer = await callOperation(this.transport, 'publishEventBatch', { ...options, body: { events: [...events] } });
    for (const { index, code, eventVersion } of answer.body.results) {
      const { aggregateType, aggregateId } = events[index]!;
      if (code === '201') this.positions.wrote(aggregateType, aggregateId, answer.headers, eventVersion);
    }
    return answer.body;
  }

  /** The history of an aggregate, oldest first, read page by page as it is consumed. */
  events(type: AggregateType, id: string, options: HistoryOptions = {}): AsyncGenerator<GameEvent, void, undefined> {
    return historyOf(this.transport, pathOf(type, id), options);
  }

  /** How the instance that answers is doing. One that cannot serve is an `ApiError` with status 503, at once. */
  health(options: CallOptions = {}): Promise<Health> {
    return this.request('globalStateHealth', { retries: 0, ...options });
  }
}

function pathOf(aggregateType: AggregateType, aggregateId: string): { aggregateType: AggregateType; aggregateId: string } {
  return { aggregateType, aggregateId };
}
