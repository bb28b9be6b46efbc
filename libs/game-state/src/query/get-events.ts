import { EventStore } from '@app/event-store';
import { type AggregateRef, ServiceError } from '@app/kernel';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { type GameEvent, toGameEvent } from '../read-model/game-event.js';

/** `EventHistoryResponse` of the contract. `totalCount` is of the whole range, not of the page. */
export interface EventHistory {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly events: readonly GameEvent[];
  readonly totalCount: number;
  readonly hasMore: boolean;
}

/** Versions, both ends included. `from` is where this page starts. */
export interface HistoryRange {
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly from: number;
  readonly limit: number;
}

/** Events of one aggregate in a range of versions, oldest first. */
export class GetEvents extends Query<EventHistory> {
  constructor(readonly ref: AggregateRef, readonly range: HistoryRange) {
    super();
  }
}

@QueryHandler(GetEvents)
export class GetEventsHandler implements IQueryHandler<GetEvents> {
  constructor(private readonly events: EventStore) {}

  /** @throws ServiceError STATE_NOT_FOUND for an aggregate that never was; a deleted one keeps its history */
  async execute({ ref, range }: GetEvents): Promise<EventHistory> {
    const current = await this.events.readState(ref);
    if (!current) throw new ServiceError('STATE_NOT_FOUND', `there is no ${ref.type} ${ref.id}`);
    const to = Math.min(range.toVersion, current.version);
    const stored = await this.events.readStream(ref, { from: range.from, to, limit: range.limit });
    return {
      aggregateType: ref.type,
      aggregateId: ref.id,
      events: stored.map(toGameEvent),
      totalCount: Math.max(0, to - range.fromVersion + 1), // versions are dense
      hasMore: (stored.at(-1)?.version ?? to) < to,
    };
  }
}
