import type { Json, JsonObject } from '@app/kernel';
import type { Raised } from '../sql/raise-flags.js';
import type { WalkedPage } from './walk.js';

const SAMPLES = 100;

type Counts = { read: number; events: number; violations: number; sample: JsonObject[] };

/** What a replay has counted, now and at the place from where a later run would go on. */
export class ReplayTally {
  private readonly now: Counts;
  private boundary: Counts;

  constructor(saved: JsonObject) {
    this.now = { read: 0, events: 0, violations: 0, ...saved, sample: [...(saved['sample'] as JsonObject[] | undefined ?? [])] };
    this.boundary = copyOf(this.now);
  }

  /** Rows that were read. */
  get read(): number {
    return this.now.read;
  }

  add({ read, judged, found, boundary }: WalkedPage): void {
    const { now } = this;
    now.read += read;
    now.events += judged.before;
    this.count(found.before);
    if (boundary) this.boundary = copyOf(now);
    now.events += judged.after;
    this.count(found.after);
  }

  /** What a later run begins with. */
  atBoundary(): JsonObject {
    return { ...this.boundary };
  }

  result(): JsonObject {
    const { events, violations, sample } = this.now;
    return { events, violations, sample };
  }

  private count(found: readonly Raised[]): void {
    this.now.violations += found.length;
    this.now.sample.push(...found.slice(0, SAMPLES - this.now.sample.length).map(sampleOf));
  }
}

function copyOf(counts: Counts): Counts {
  return { ...counts, sample: [...counts.sample] };
}

function sampleOf({ aggregateType, aggregateId, version, eventId, violation }: Raised): JsonObject {
  const { rule: _rule, kind: _kind, mode: _mode, ...what } = violation;
  return { aggregateType, aggregateId, version, eventId, ...(what as { [key: string]: Json }) };
}
