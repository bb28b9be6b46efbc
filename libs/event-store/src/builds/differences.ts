import type { AggregateRef } from '@app/kernel';
import type { Held, StateMark } from './sql/built-rows.js';

/** Named in a result; the others are only counted. */
const MOST_SAMPLES = 20;


/** A state that differs from the live one, as a result names it; without `built` the aggregate has no events, without `live` no state. */
export interface DifferenceSample {
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** Columns that differ. */
  readonly fields: readonly string[];
  readonly live?: StateMark;
  readonly built?: StateMark;
}

/** Aggregates of a build that differ: how many, and some of them. */
export interface Differences {
  readonly differences: number;
  readonly samples: readonly DifferenceSample[];
}

/** What becomes of the differences when some states were written again. */
export function withHeld({ differences, samples }: Differences, held: readonly Held[]): Differences {
  const written = new Set(held.map(({ ref }) => nameOf(ref)));
  const differing = held.filter(({ fields }) => fields.length > 0);
  const others = samples.filter(({ aggregateType, aggregateId }) => !written.has(`${aggregateType}/${aggregateId}`));
  const gone = held.filter(({ differed }) => differed).length;
  return { differences: differences + differing.length - gone, samples: [...others, ...differing.map(sampleOf)].slice(0, MOST_SAMPLES) };
}

/** Adds live states that have no events. */
export function withUnbuilt({ differences, samples }: Differences, unbuilt: readonly (AggregateRef & StateMark)[]): Differences {
  const more = unbuilt.map(({ type, id, version, checksum, hash }): DifferenceSample => (
    { aggregateType: type, aggregateId: id, fields: ['events'], live: { version, checksum, hash } }));
  return { differences: differences + unbuilt.length, samples: [...samples, ...more].slice(0, MOST_SAMPLES) };
}

/** The difference, as a result names it. */
export function sampleOf({ ref, fields, live, built }: Held): DifferenceSample {
  return { aggregateType: ref.type, aggregateId: ref.id, fields, ...(live && { live }), built };
}

function nameOf({ type, id }: AggregateRef): string {
  return `${type}/${id}`;
}

/** States of a build that differ from the live ones, where that was not accepted. Nothing was swapped, and the build is given up. */
export class StatesDiffer extends Error {
  override readonly name = 'StatesDiffer';

  constructor(readonly found: Differences) {
    const some = found.samples.map(({ aggregateType, aggregateId, fields }) =>
      `${aggregateType}/${aggregateId} (${fields.join(', ')})`);
    super(`${found.differences} states differ from the live ones, which was not accepted: ${some.join('; ')}${
      found.differences > some.length ? '; ...' : ''}`);
  }
}
