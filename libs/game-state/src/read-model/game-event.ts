import { type JsonObject, type StoredEvent, withoutRulesMark } from '@app/kernel';

/** `GameEvent` of the contract. */
export interface GameEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly eventVersion: number;
  readonly eventData: JsonObject;
  readonly timestamp: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly playerId?: string;
  readonly sessionId?: string;
  readonly serverId?: string;
  readonly metadata?: JsonObject;
}

export function toGameEvent(event: StoredEvent): GameEvent {
  const { metadata, correlationId, causationId, serverId, playerId, sessionId } = event.context;
  return {
    eventId: event.eventId,
    eventType: event.type,
    aggregateType: event.ref.type,
    aggregateId: event.ref.id,
    eventVersion: event.version,
    eventData: event.data,
    timestamp: event.committedAt.toISOString(),
    correlationId, causationId, playerId, sessionId, serverId,
    metadata: withoutRulesMark(metadata), // who is watched is not told so
  };
}
