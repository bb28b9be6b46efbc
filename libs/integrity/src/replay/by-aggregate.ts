import type { EventStore, Queryable } from '@app/event-store';
import { fold, hlcToMs, type Judged, type RuleSet, type Violation } from '@app/kernel';
import type { Raised } from '../sql/raise-flags.js';
import { type AggregatePlace, FIRST_PLACE, pageByAggregate, type ReplayedEvent } from '../sql/replay-pages.js';
import { stateAfter } from './past-states.js';
import type { WalkedPage } from './walk.js';

/** Which events are held against the rules. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly type: string;
}

/**
 * Holds the events of a range against rules on paths, aggregate by aggregate, each with the windows it would have had. Windows begin
 * empty at the first event of the range. A walk can go on between two aggregates.
 */
export async function* walkAggregates(
  db: Queryable, events: Pick<EventStore, 'readStateAt'>, rules: RuleSet, range: Range, from: AggregatePlace = FIRST_PLACE,
): AsyncGenerator<WalkedPage> {
  const replay = new AggregateReplay(events, rules);
  for (let after = from; ;) {
    const rows = await pageByAggregate(db, after, range);
    const last = rows.at(-1);
    if (!last) return;
    const page = new Page();
    let place = after;
    for (const row of rows) {
      if (row.aggregateId !== place[0] || row.aggregateType !== place[1]) page.boundAt(place);
      place = [row.aggregateId, row.aggregateType, row.version];
      if (row.ops) page.add(row, await replay.judge(row));
    }
    yield page.walked(rows.length);
    after = place;
  }
}

class AggregateReplay {
  private state: Judged & { readonly ref: { readonly type: string; readonly id: string } } | undefined;

  constructor(private readonly events: Pick<EventStore, 'readStateAt'>, private readonly rules: RuleSet) {}

  async judge(event: ReplayedEvent): Promise<readonly Violation[]> {
    const { aggregateType: type, aggregateId: id, version, isExempt, hlc } = event;
    const ops = event.ops!;
    let { state } = this;
    if (state?.ref.id !== id || state.ref.type !== type) {
      const ref = { type, id };
      state = { ...await stateAfter(this.events, ref, version - 1), ref, version: version - 1 };
    }
    const { violations, memory } = isExempt
      ? { violations: [], memory: this.rules.compensate(state, ops, hlcToMs(hlc)) } : this.rules.judge(state, ops, hlcToMs(hlc));
    this.state = { ...fold(state, ops, version), ref: state.ref, version, memory: memory ?? state.memory };
    return violations;
  }
}

class Page {
  private boundary: AggregatePlace | undefined;
  private readonly before: { judged: number; found: Raised[] } = { judged: 0, found: [] };
  private readonly after: { judged: number; found: Raised[] } = { judged: 0, found: [] };

  boundAt(place: AggregatePlace): void {
    this.boundary = place;
    this.before.judged += this.after.judged;
    this.before.found.push(...this.after.found.splice(0));
    this.after.judged = 0;
  }

  add({ aggregateType, aggregateId, version, eventId, actor, occurredAt }: ReplayedEvent, violations: readonly Violation[]): void {
    this.after.judged += 1;
    for (const violation of violations) this.after.found.push({ aggregateType, aggregateId, version, eventId, actor, occurredAt, violation });
  }

  walked(read: number): WalkedPage {
    return {
      read, judged: { before: this.before.judged, after: this.after.judged }, found: { before: this.before.found, after: this.after.found },
      ...(this.boundary && { boundary: { place: [...this.boundary] } }),
    };
  }
}
