import type { DifferenceSample, EventStore, StretchReplayed } from '@app/event-store';
import { AGGREGATE_TYPES, type JsonObject, ServiceError } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import { parkIn, statesOf, typesOf } from './states-target.js';

const STRETCH = 1_000;
const MOST_SAMPLES = 20;

/** What was found so far. */
interface Found {
  readonly aggregates: number;
  readonly events: number;
  readonly differences: number;
  readonly parked: number;
  readonly samples: readonly DifferenceSample[];
}

const NOTHING: Found = { aggregates: 0, events: 0, differences: 0, parked: 0, samples: [] };

/** Which positions a replay is about, both ends included. */
interface Range {
  readonly fromPosition: number;
  readonly toPosition: number;
}

/**
 * Runs a range of events through the fold: every aggregate that has one of them is folded from its first event on and held against its
 * live state. Unless it is a dry run, what differs is written anew, and aggregates that cannot be folded are parked.
 */
export class FoldReplay implements OperationKind {
  readonly unit = 'events';

  constructor(private readonly events: EventStore) {}

  async prepare(parameters: JsonObject): Promise<JsonObject> {
    const { from, to, fromPosition, toPosition } = parameters as { from?: string; to?: string } & Partial<Range>;
    if ((from !== undefined && fromPosition !== undefined) || (to !== undefined && toPosition !== undefined)) {
      throw new ServiceError('VALIDATION_ERROR', 'an end of the range is a time or a position, not both', { path: from === undefined ? '/to' : '/from' });
    }
    const { position: head } = await this.events.head();
    const range: Range = {
      fromPosition: from === undefined ? fromPosition ?? 1 : await this.events.positionAt(new Date(Date.parse(from) - 1)) + 1,
      toPosition: Math.min(head, to === undefined ? toPosition ?? head : await this.events.positionAt(new Date(to))),
    };
    return { ...parameters, ...range };
  }

  targets(parameters: JsonObject): readonly string[] {
    const replayed = (typesOf(parameters) ?? AGGREGATE_TYPES).map((type) => `replay/${type}`);
    return parameters['dryRun'] === false ? [...replayed, ...statesOf(parameters)] : replayed;
  }

  async run(context: OperationContext): Promise<JsonObject> {
    const { fromPosition, toPosition: end } = context.parameters as unknown as Range;
    const isDry = context.parameters['dryRun'] !== false;
    const before = Math.max(fromPosition, 1) - 1;
    let { position: after, found } = context.saved as unknown as { position: number; found: Found } | undefined ?? { position: before, found: NOTHING };
    while (after < end) {
      context.signal.throwIfAborted();
      const upTo = Math.min(after + STRETCH, end);
      const replayed = await this.events.builds.replay({ after, upTo, end, types: typesOf(context.parameters) }, isDry ? undefined : parkIn(this.events));
      [after, found] = [upTo, together(found, replayed)];
      await context.save({ position: after, found: found as unknown as JsonObject }, after - before);
      context.progress(after - before, end - before);
    }
    return { dryRun: isDry, fromPosition: before + 1, toPosition: end, ...found, repaired: isDry ? 0 : found.differences } as unknown as JsonObject;
  }
}

function together(found: Found, { aggregates, events, differences, poisoned }: StretchReplayed): Found {
  return {
    aggregates: found.aggregates + aggregates, events: found.events + events, differences: found.differences + differences.length,
    parked: found.parked + poisoned.length, samples: [...found.samples, ...differences].slice(0, MOST_SAMPLES),
  };
}
