import { randomUUID } from 'node:crypto';
import {
  type AppendedEvent, type Command, EventSource, type EventStore, freeze, MAX_STATE_BYTES, type Outcome,
  type StateDocument, unborn,
} from '@app/event-store';
import {
  type AggregateRef, type AggregateSnapshot, EMPTY_FOLD, fold, type FoldState, type JsonObject, type Op, refKey,
  ServiceError, type StoredEvent,
} from '@app/kernel';

/** What the in-memory store and the one over PostgreSQL have in common. */
export type EventLog =
  Pick<EventStore, 'execute' | 'readState' | 'readStateAt' | 'readStream' | 'readLog' | 'head'>;

type Step = ReturnType<EventSource['advance']>;

/**
 * The event store of the unit tests: the same answers as `EventStore`, by the contract that both keep
 * (`eventStoreContract`). Every command has its verdict before `execute` returns; nothing outlives the process.
 */
export class InMemoryEventStore implements EventLog {
  private readonly log: StoredEvent[] = [];
  private readonly states = new Map<string, AggregateSnapshot>();
  private readonly receipts = new Map<string, { fingerprint: string; events: readonly AppendedEvent[] }>();
  private readonly source: EventSource;
  private readonly epoch = randomUUID();

  constructor(origin = 'memory', private readonly now: () => number = Date.now) {
    this.source = new EventSource(origin, now);
  }

  /** See `EventStore.execute`. */
  async execute(command: Command): Promise<Outcome> {
    return this.answerOf(command) ?? this.append(command);
  }

  /** See `EventStore.readState`. */
  async readState(ref: AggregateRef): Promise<StateDocument | undefined> {
    const state = this.states.get(refKey(ref));
    return state && document(state, this.stream(ref).at(-1)!);
  }

  /** See `EventStore.readStateAt`. */
  async readStateAt(ref: AggregateRef, version: number): Promise<StateDocument | undefined> {
    const events = this.stream(ref).slice(0, version);
    const last = events.at(-1);
    if (last?.version !== version) return undefined;
    const state = events.reduce<FoldState>((before, event) => fold(before, event.ops, event.version), EMPTY_FOLD);
    return document(state, last);
  }

  /** See `EventStore.readStream`. */
  async readStream(ref: AggregateRef, range: { from: number; to: number; limit: number }): Promise<StoredEvent[]> {
    return this.stream(ref).filter(({ version }) => version >= range.from && version <= range.to).slice(0, range.limit);
  }

  /** See `EventStore.readLog`. */
  async readLog(after: number, limit: number): Promise<StoredEvent[]> {
    return this.log.slice(after, after + limit);
  }

  /** See `EventStore.head`. */
  async head(): Promise<{ epoch: string; position: number }> {
    return { epoch: this.epoch, position: this.log.length };
  }

  private stream(ref: AggregateRef): StoredEvent[] {
    return this.log.filter((event) => refKey(event.ref) === refKey(ref));
  }

  /** The answer to a command whose key or event id was here before. */
  private answerOf({ aggregates, receipt, publisherEvent }: Command): Outcome | undefined {
    const known = receipt && this.receipts.get(receipt.key);
    if (known) {
      if (known.fingerprint === receipt.fingerprint) return { duplicate: true, events: known.events };
      throw new ServiceError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used for another request');
    }
    if (!publisherEvent) return undefined;
    const stored = this.stream(aggregates[0]!).find(({ eventId }) => eventId === publisherEvent.eventId);
    if (!stored) return undefined;
    if (publisherEvent.sameAs(stored)) return { duplicate: true, events: [appended(stored)] };
    throw new ServiceError('EVENT_ID_REUSED', 'this eventId was used for another event of the aggregate', {
      eventId: stored.eventId, eventVersion: stored.version, eventType: stored.type,
    });
  }

  private append(command: Command): Outcome {
    const before = command.aggregates.map((ref) => this.states.get(refKey(ref)) ?? unborn(ref));
    const drafts = command.decide(before);
    const steps = before.map((start, i) => (drafts[i] ?? []).reduce<Step[]>((done, draft) => {
      const state = done.at(-1)?.state ?? start;
      return [...done, this.source.advance(state, draft, command.context, command.receipt?.key)];
    }, []));
    for (const [i, of] of steps.entries()) assertStorable(command.aggregates[i]!, of.at(-1)?.state);
    const committedAt = new Date(Math.max(this.now(), this.log.at(-1)?.committedAt.getTime() ?? 0));
    const events = steps.flat().map(({ event, state }) => {
      this.states.set(refKey(state.ref), state);
      return appended(this.store(event, committedAt));
    });
    if (command.receipt) this.receipts.set(command.receipt.key, { fingerprint: command.receipt.fingerprint, events });
    return { duplicate: false, events };
  }

  /** Kept as it would come back from a database: by its text. */
  private store({ draft, text, ...event }: Step['event'], committedAt: Date): StoredEvent {
    const position = this.log.length + 1;
    const stored: StoredEvent = {
      ...event, position, originSequence: position, committedAt, type: draft.type, schemaVersion: draft.schemaVersion,
      data: JSON.parse(text.data) as JsonObject, ops: JSON.parse(text.ops) as Op[],
    };
    this.log.push(stored);
    return stored;
  }
}

function assertStorable(ref: AggregateRef, state: AggregateSnapshot | undefined): void {
  if (!state) throw new Error(`a command decided no event for ${refKey(ref)}`);
  if (Buffer.byteLength(freeze(state).data) <= MAX_STATE_BYTES) return;
  throw new ServiceError('INVALID_OPERATION', `the state would grow beyond ${MAX_STATE_BYTES} bytes`, {
    maxStateBytes: MAX_STATE_BYTES,
  });
}

function document(state: FoldState, { ref, version, committedAt, position }: StoredEvent): StateDocument {
  const { data, checksum } = freeze(state);
  return { ref, version, deleted: state.deleted, data, checksum, lastModified: committedAt, position };
}

function appended({ ref, eventId, type, version, ops, partition, position, committedAt }: StoredEvent): AppendedEvent {
  return { ref, eventId, type, version, ops, partition, position, committedAt };
}
