import { type Entry, LayeredCache, type ReadDemand } from '@app/cache';
import { EventStore, type StateDocument } from '@app/event-store';
import { type AggregateRef, refKey, ServiceError } from '@app/kernel';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { toGameEvent } from '../read-model/game-event.js';
import { bodyOf, etagOf } from '../read-model/state-view.js';

const NEWEST_EVENTS = 100;

/** A state as it is served. */
export type StateView = Pick<Entry, 'etag' | 'body'>;

/** The state of one aggregate now, from the caches unless more is demanded, after the event `version`, or at a time. */
export class GetState extends Query<StateView> {
  constructor(
    readonly ref: AggregateRef,
    readonly wanted: { readonly version?: number; readonly at?: Date; readonly includeEvents?: boolean } & ReadDemand = {},
  ) {
    super();
  }
}

@QueryHandler(GetState)
export class GetStateHandler implements IQueryHandler<GetState> {
  constructor(private readonly events: EventStore, private readonly cache: LayeredCache) {}

  /** @throws ServiceError STATE_NOT_FOUND; for a tombstone with `deletedAtVersion`, whose older versions stay readable */
  async execute({ ref, wanted }: GetState): Promise<StateView> {
    const { at, includeEvents = false } = wanted;
    const version = at ? await this.versionAt(ref, at) : wanted.version;
    if (version !== undefined || includeEvents) return this.fromLog(ref, version, includeEvents);
    const entry = await this.cache.read(refKey(ref), wanted);
    if (!entry.live) throw missing(ref, undefined, entry.version > 0 ? entry : undefined);
    return entry;
  }

  /** A time only finds a position; that decides. */
  private async versionAt(ref: AggregateRef, at: Date): Promise<number> {
    const version = await this.events.versionAt(ref, await this.events.positionAt(at));
    if (version > 0) return version;
    throw new ServiceError('STATE_NOT_FOUND', `there was no ${ref.type} ${ref.id} at ${at.toISOString()}`);
  }

  private async fromLog(ref: AggregateRef, version: number | undefined, includeEvents: boolean): Promise<StateView> {
    const current = await this.events.readState(ref);
    const state = version === undefined || version === current?.version
      ? current
      : await this.events.readStateAt(ref, version);
    if (!state || state.deleted) throw missing(ref, version, current);
    return { etag: etagOf(state.version), body: bodyOf(state, includeEvents ? await this.newestEvents(state) : undefined) };
  }

  private async newestEvents({ ref, version }: StateDocument): Promise<string> {
    const from = Math.max(1, version - NEWEST_EVENTS + 1);
    const events = await this.events.readStream(ref, { from, to: version, limit: NEWEST_EVENTS });
    return JSON.stringify(events.map(toGameEvent));
  }
}

function missing(ref: AggregateRef, version: number | undefined, current: { readonly version: number } | undefined): ServiceError {
  const name = `${ref.type} ${ref.id}`;
  if (!current) return new ServiceError('STATE_NOT_FOUND', `there is no ${name}`);
  if (version !== undefined && version > current.version) {
    return new ServiceError('STATE_NOT_FOUND', `${name} has no version ${version}`, { currentVersion: current.version });
  }
  return version === undefined || version === current.version
    ? new ServiceError('STATE_NOT_FOUND', `${name} was deleted`, { deletedAtVersion: current.version })
    : new ServiceError('STATE_NOT_FOUND', `${name} was deleted at version ${version}`, { deletedAtVersion: version });
}
