import { setImmediate } from 'node:timers/promises';
import type { LogFact } from '@app/event-store';
import { dayOf, HOURS_A_DAY, hourOf, latencyOf, timeOf } from './hours.js';
import { slotOf } from './latency-slots.js';

/** Changes of one aggregate in one hour. */
export interface AggregateCount {
  readonly hour: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  changes: number;
  /** The sum of the versions that the changes made. */
  versions: bigint;
}

/** Events of one type in one hour. */
export interface EventTypeCount {
  readonly hour: number;
  readonly aggregateType: string;
  readonly eventType: string;
  changes: number;
}

/** Events of one type in one slot of the histogram of an hour or of a day. */
export interface LatencyCount {
  readonly hours: number;
  readonly hour: number;
  readonly aggregateType: string;
  readonly eventType: string;
  readonly foreign: boolean;
  readonly slot: number;
  changes: number;
}

/** What a batch adds to the figures. */
export interface Tally {
  readonly aggregates: readonly AggregateCount[];
  readonly eventTypes: readonly EventTypeCount[];
  readonly latencies: readonly LatencyCount[];
}

/** Events that are counted in one turn of the event loop: about 2 ms. */
const COUNTED_AT_ONCE = 1_000;

/**
 * Counts a batch. Pure; others have their turn meanwhile.
 * @param here the region whose events are local
 * @param firstHour what happened before is not counted: it is beyond what is kept
 */
export async function tally(events: readonly LogFact[], here: string, firstHour: number): Promise<Tally> {
  const counts = new Counts();
  for (const [i, event] of events.entries()) {
    if (i > 0 && i % COUNTED_AT_ONCE === 0) await setImmediate();
    const hour = hourOf(timeOf(event, here));
    if (hour >= firstHour) counts.add(event, hour, event.origin !== here);
  }
  return counts.tally();
}

class Counts {
  private readonly aggregates = new Map<string, AggregateCount>();
  private readonly eventTypes = new Map<string, EventTypeCount>();
  private readonly latencies = new Map<string, LatencyCount>();

  add(event: LogFact, hour: number, foreign: boolean): void {
    const { type: eventType, ref: { type: aggregateType, id: aggregateId } } = event;
    const aggregate = found(this.aggregates, `${hour} ${aggregateType} ${aggregateId}`, () =>
      ({ hour, aggregateType, aggregateId, changes: 0, versions: 0n }));
    aggregate.changes += 1;
    aggregate.versions += BigInt(event.version);
    const kind = `${aggregateType} ${eventType}`;
    found(this.eventTypes, `${hour} ${kind}`, () => ({ hour, aggregateType, eventType, changes: 0 })).changes += 1;
    const slot = slotOf(latencyOf(event));
    for (const [hours, start] of [[1, hour], [HOURS_A_DAY, dayOf(hour)]] as const) {
      found(this.latencies, `${hours} ${start} ${slot} ${foreign} ${kind}`, () =>
        ({ hours, hour: start, aggregateType, eventType, foreign, slot, changes: 0 })).changes += 1;
    }
  }

  tally(): Tally {
    return { aggregates: [...this.aggregates.values()], eventTypes: [...this.eventTypes.values()], latencies: [...this.latencies.values()] };
  }
}

function found<Count>(counts: Map<string, Count>, key: string, make: () => Count): Count {
  const known = counts.get(key);
  if (known) return known;
  const made = make();
  counts.set(key, made);
  return made;
}
