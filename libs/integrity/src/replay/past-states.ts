import type { EventStore } from '@app/event-store';
import { type AggregateRef, EMPTY_FOLD, type FoldState, type JsonObject } from '@app/kernel';

/** The state of an aggregate after a version, as a rule looks at it; nothing after version 0. */
export async function stateAfter(events: Pick<EventStore, 'readStateAt'>, ref: AggregateRef, version: number): Promise<FoldState> {
  if (version === 0) return EMPTY_FOLD;
  const found = await events.readStateAt(ref, version);
  if (!found) throw new Error(`${ref.type}/${ref.id} has no version ${version}: its versions are not dense`);
  return { data: JSON.parse(found.data) as JsonObject, clocks: {}, generation: 0, deleted: found.deleted };
}
