import { EventStore, type StateDocument } from '@app/event-store';
import { type AggregateRef, type Difference, differences, type JsonObject, ServiceError } from '@app/kernel';
import { Injectable } from '@nestjs/common';

/** A moment in the life of an aggregate: one of its versions, or a time. */
export type Moment = number | Date;

/** One page of many aggregates at one position. */
export interface WorldPage {
  readonly position: number;
  readonly states: readonly StateDocument[];
  /** The last aggregate that was looked at, where more follow. */
  readonly last: AggregateRef | undefined;
}

const START: AggregateRef = { type: '', id: '00000000-0000-0000-0000-000000000000' };
/** Old states folded at once for one request. */
const AT_ONCE = 4;

/** What was, by the events. A time locates a position; the position decides what had happened. */
@Injectable()
export class Travel {
  constructor(private readonly events: EventStore) {}

  /** The state at a moment, a tombstone too. @throws ServiceError STATE_NOT_FOUND where it was not there yet */
  async stateAt(ref: AggregateRef, moment: Moment): Promise<StateDocument> {
    const version = typeof moment === 'number' ? moment : await this.events.versionAt(ref, await this.events.positionAt(moment));
    const state = version === 0 ? undefined : await this.events.readStateAt(ref, version);
    if (state) return state;
    const when = typeof moment === 'number' ? `has no version ${moment}` : `was not there at ${moment.toISOString()}`;
    throw new ServiceError('STATE_NOT_FOUND', `${ref.type} ${ref.id} ${when}`);
  }

  /** Where two moments differ. A tombstone counts as nothing. */
  async diff(ref: AggregateRef, from: Moment, to: Moment): Promise<{ from: StateDocument; to: StateDocument; found: Difference[] }> {
    const [before, after] = await Promise.all([this.stateAt(ref, from), this.stateAt(ref, to)]);
    return { from: before, to: after, found: differences(dataOf(before), dataOf(after)) };
  }

  /** Where the log stood at a time. */
  positionAt(time: Date): Promise<number> {
    return this.events.positionAt(time);
  }

  /** The aggregates that were alive at a position, in the order of their ids. Pages of one position are one consistent cut. */
  async worldAt(position: number, page: { type?: string; after?: AggregateRef; limit: number }): Promise<WorldPage> {
    const looked = await this.events.versionsAt(position, { ...page, after: page.after ?? START });
    const there = looked.filter(({ version }) => version > 0);
    const current = new Map((await this.events.readStates(there.map(({ ref }) => ref))).map((state) => [keyOf(state.ref), state]));
    const states: StateDocument[] = [];
    for (let i = 0; i < there.length; i += AT_ONCE) {
      const some = await Promise.all(there.slice(i, i + AT_ONCE).map(async ({ ref, version }) => {
        const now = current.get(keyOf(ref));
        return now?.version === version ? now : this.events.readStateAt(ref, version);
      }));
      states.push(...some.filter((state) => state !== undefined && !state.deleted) as StateDocument[]);
    }
    return { position, states, last: looked.length === page.limit ? looked.at(-1)!.ref : undefined };
  }
}

function dataOf({ data }: StateDocument): JsonObject {
  return JSON.parse(data) as JsonObject;
}

function keyOf({ type, id }: AggregateRef): string {
  return `${type}/${id}`;
}
