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

/**
 * Counts a batch. Pure.
 * @param here the region whose events are local
 * @param firstHour what happened before is not counted: it is beyond what is kept
 */
export function tally(events: readonly LogFact[], here: string, firstHour: number): Tally {
  const aggregates = new Map<string, AggregateCount>();
  const eventTypes = new Map<string, EventTypeCount>();
  const latencies = new Map<string, LatencyCount>();
  for (const event of events) {
    const hour = hourOf(timeOf(event, here));
    if (hour < firstHour) continue;
    const { type: eventType, ref: { type: aggregateType, id: aggregateId } } = event;
    const aggregate = found(aggregates, `${hour} ${aggregateType} ${aggregateId}`, () =>
      ({ hour, aggregateType, aggregateId, changes: 0, versions: 0n }));
    aggregate.changes += 1;
    aggregate.versions += BigInt(event.version);
    const kind = `${aggregateType} ${eventType}`;
    found(eventTypes, `${hour} ${kind}`, () => ({ hour, aggregateType, eventType, changes: 0 })).changes += 1;
    const slot = slotOf(latencyOf(event));
    const foreign = event.origin !== here;
    for (const [hours, start] of [[1, hour], [HOURS_A_DAY, dayOf(hour)]] as const) {
      found(latencies, `${hours} ${start} ${slot} ${foreign} ${kind}`, () =>
        ({ hours, hour: start, aggregateType, eventType, foreign, slot, changes: 0 })).changes += 1;
    }
  }
  return { aggregates: [...aggregates.values()], eventTypes: [...eventTypes.values()], latencies: [...latencies.values()] };
}

function found<Count>(counts: Map<string, Count>, key: string, make: () => Count): Count {
  const known = counts.get(key);
  if (known) return known;
  const made = make();
  counts.set(key, made);
  return made;
}
