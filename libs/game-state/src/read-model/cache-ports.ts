import type { CachePorts, Entry } from '@app/cache';
import type { EventStore } from '@app/event-store';
import { type AggregateRef, refKey } from '@app/kernel';
import { toEntry } from './state-view.js';

/** What the caches of states ask of the event store. */
export function cachePorts(events: EventStore, log: CachePorts['log']): CachePorts {
  return {
    load: async (keys) => {
      const states = await events.readStates(keys.map(refOf));
      return new Map<string, Entry>(states.map((state) => [refKey(state.ref), toEntry(state)]));
    },
    source: {
      follow: (signal) => events.changes.follow(signal),
      between: (after, upTo, limit) => events.changes.between(after, upTo, limit),
      staleFor: (key, version) => events.ageOf(refOf(key), version + 1),
    },
    log,
  };
}

/** The aggregate that `refKey` named. */
function refOf(key: string): AggregateRef {
  const slash = key.lastIndexOf('/');
  return { type: key.slice(0, slash), id: key.slice(slash + 1) };
}
