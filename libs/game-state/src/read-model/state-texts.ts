import type { Entry, LayeredCache } from '@app/cache';
import type { EventStore } from '@app/event-store';
import { refKey } from '@app/kernel';
import { toEntry } from './state-view.js';

interface StateText {
  readonly version: number;
  readonly position: number;
  /** JSON text of an `AggregateState`; null for a tombstone and what never was. */
  readonly text: string | null;
}

/** States as text for whoever sends them on, from the caches and from the log. */
export function stateTexts(events: EventStore, cache: LayeredCache) {
  return {
    /** The state now: at least what the log held at this position. */
    async current(type: string, id: string, minPosition: number): Promise<StateText> {
      return textOf(await cache.read(refKey({ type, id }), { minPosition }));
    },
    /** The state after the event `version`. */
    async at(type: string, id: string, version: number): Promise<StateText> {
      const state = version === 0 ? undefined : await events.readStateAt({ type, id }, version);
      return state ? textOf(toEntry(state)) : { version, position: 0, text: null };
    },
  };
}

function textOf({ version, position, live, body }: Entry): StateText {
  return { version, position, text: live ? body : null };
}
