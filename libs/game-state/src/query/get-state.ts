import { EventStore, type StateDocument } from '@app/event-store';
import { type AggregateRef, ServiceError } from '@app/kernel';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { toGameEvent } from '../read-model/game-event.js';
import { type StateView, toStateView } from '../read-model/state-view.js';

const NEWEST_EVENTS = 100;

/** The state of one aggregate, now or after the event `version`. */
export class GetState extends Query<StateView> {
  constructor(readonly ref: AggregateRef, readonly version?: number, readonly includeEvents = false) {
    super();
  }
}

@QueryHandler(GetState)
export class GetStateHandler implements IQueryHandler<GetState> {
  constructor(private readonly events: EventStore) {}

  /** @throws ServiceError STATE_NOT_FOUND; for a tombstone with `deletedAtVersion`, whose older versions stay readable */
  async execute({ ref, version, includeEvents }: GetState): Promise<StateView> {
    const current = await this.events.readState(ref);
    const state = version === undefined || version === current?.version
      ? current
      : await this.events.readStateAt(ref, version);
    if (!state || state.deleted) throw missing(ref, version, current);
    return toStateView(state, includeEvents ? await this.newestEvents(state) : undefined);
  }

  private async newestEvents({ ref, version }: StateDocument): Promise<string> {
    const from = Math.max(1, version - NEWEST_EVENTS + 1);
    const events = await this.events.readStream(ref, { from, to: version, limit: NEWEST_EVENTS });
    return JSON.stringify(events.map(toGameEvent));
  }
}

function missing(ref: AggregateRef, version: number | undefined, current: StateDocument | undefined): ServiceError {
  const name = `${ref.type} ${ref.id}`;
  if (!current) return new ServiceError('STATE_NOT_FOUND', `there is no ${name}`);
  if (version !== undefined && version > current.version) {
    return new ServiceError('STATE_NOT_FOUND', `${name} has no version ${version}`, { currentVersion: current.version });
  }
  return version === undefined || version === current.version
    ? new ServiceError('STATE_NOT_FOUND', `${name} was deleted`, { deletedAtVersion: current.version })
    : new ServiceError('STATE_NOT_FOUND', `${name} was deleted at version ${version}`, { deletedAtVersion: version });
}
