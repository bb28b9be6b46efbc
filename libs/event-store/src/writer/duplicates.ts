import { ServiceError, type StoredEvent } from '@app/kernel';
import type { Queryable } from '../sql/database.js';
import { findEventsById, findReceipts } from '../sql/find-duplicates.js';
import type { AppendedEvent, Command } from './command.js';
import type { Pending } from './slot.js';

/**
 * Settles those of the commands whose answer is in the log already: committed by a try whose answer was lost, or by an
 * earlier command with the same idempotency key or event id.
 */
export async function settleDuplicates(db: Queryable, waiting: readonly Pending[]): Promise<void> {
  const keyed = waiting.filter((pending) => pending.hasKeys);
  const receipts = new Map((await findReceipts(db, keyed.flatMap(({ command }) => command.receipt?.key ?? [])))
    .map((receipt) => [receipt.key, receipt]));
  const events = new Map((await findEventsById(db, keyed.flatMap(wantedEvents)))
    .map((event) => [eventKey(event.ref.type, event.ref.id, event.eventId), event]));
  for (const pending of keyed) {
    const { receipt, publisherEvent, aggregates } = pending.command;
    const own = pending.sent.map((e) => events.get(eventKey(e.ref.type, e.ref.id, e.eventId)));
    if (own.length > 0 && own.every((event, i) => event?.hash === pending.sent[i]!.hash)) {
      pending.resolve({ duplicate: false, events: own.map((event) => toAppended(event!)) });
      continue;
    }
    const known = receipt && receipts.get(receipt.key);
    if (known) {
      if (known.fingerprint !== receipt.fingerprint) pending.reject(keyReused());
      else pending.resolve({ duplicate: true, events: known.events.map(toAppended) });
      continue;
    }
    const ref = aggregates[0]!;
    const published = publisherEvent && events.get(eventKey(ref.type, ref.id, publisherEvent.eventId));
    if (published) settlePublished(pending, publisherEvent, published);
  }
}

/** A comparison that fails is the fault of this command alone: it must not end those that are looked up with it. */
function settlePublished(
  pending: Pending, publisherEvent: NonNullable<Command['publisherEvent']>, published: StoredEvent,
): void {
  try {
    if (publisherEvent.sameAs(published)) pending.resolve({ duplicate: true, events: [toAppended(published)] });
    else pending.reject(eventIdReused(published));
  } catch (error) {
    pending.reject(error);
  }
}

function wantedEvents({ command, sent }: Pending): { ref: StoredEvent['ref']; eventId: string }[] {
  const published = command.publisherEvent;
  return [...sent, ...(published ? [{ ref: command.aggregates[0]!, eventId: published.eventId }] : [])];
}

function eventKey(type: string, id: string, eventId: string): string {
  return `${type}/${id}/${eventId}`;
}

export function toAppended(event: StoredEvent): AppendedEvent {
  const { ref, eventId, type, version, ops, partition, position, committedAt } = event;
  return { ref, eventId, type, version, ops, partition, position, committedAt };
}

function keyReused(): ServiceError {
  return new ServiceError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used for another request');
}

function eventIdReused(stored: StoredEvent): ServiceError {
  return new ServiceError('EVENT_ID_REUSED', 'this eventId was used for another event of the aggregate', {
    eventId: stored.eventId, eventVersion: stored.version, eventType: stored.type,
  });
}
