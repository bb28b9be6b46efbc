import { type AggregateSnapshot, type EventDraft, type JsonObject, ServiceError } from '@app/kernel';
import { toOps } from './changes.js';
import type { AggregateDefinition } from './definition.js';
import { assertBounds } from './rules.js';

/** What a caller may demand of the current version. `ifMatch` is the HTTP precondition, `expectedVersion` the contract's. */
export interface VersionDemand {
  /** 0: there must be nothing yet, or a tombstone. */
  readonly expectedVersion?: number;
  /** A version, or `*` for anything that is there. */
  readonly ifMatch?: number | '*';
}

/** Everything that can be asked of one aggregate. */
export type StateCommand =
  | ({ readonly kind: 'update'; readonly changes: JsonObject } & VersionDemand)
  | ({ readonly kind: 'patch'; readonly changes: JsonObject } & VersionDemand)
  | ({ readonly kind: 'delete' } & VersionDemand)
  | ({ readonly kind: 'publish'; readonly event: PublishedEvent } & VersionDemand);

export interface PublishedEvent {
  readonly eventId?: string;
  readonly eventType: string;
  readonly eventData: JsonObject;
  /** The effect on state, where it is not what `eventData` says. */
  readonly stateChanges?: JsonObject;
}

/** The version of the shape of the events made here. */
const SCHEMA_VERSION = 1;

/** Life of an aggregate: it never was, it is there, or it is a tombstone. */
type Life = 'unborn' | 'live' | 'deleted';

function lifeOf(state: AggregateSnapshot): Life {
  if (state.version === 0) return 'unborn';
  return state.deleted ? 'deleted' : 'live';
}

/**
 * The event that a command makes on a state. Pure.
 * @throws ServiceError STATE_NOT_FOUND, VERSION_CONFLICT, PRECONDITION_FAILED, INVALID_OPERATION, RULE_VIOLATION,
 * VALIDATION_ERROR
 */
export function decide(state: AggregateSnapshot, command: StateCommand, definition: AggregateDefinition): EventDraft {
  switch (command.kind) {
    case 'update':
      assertVersion(state, command);
      return changed('StateUpdated', command.changes, state, definition);
    case 'patch':
      assertLive(state);
      assertVersion(state, command);
      return changed('StatePatched', command.changes, state, definition);
    case 'delete':
      assertLive(state);
      assertVersion(state, command);
      return { type: 'StateDeleted', schemaVersion: SCHEMA_VERSION, data: {}, ops: [['del']] };
    case 'publish':
      assertVersion(state, command);
      return published(command.event, state, definition);
  }
}

function changed(
  type: string, changes: JsonObject, state: AggregateSnapshot, definition: AggregateDefinition,
): EventDraft {
  const ops = toOps(changes, state.data, definition);
  assertBounds(definition, ops);
  return { type, schemaVersion: SCHEMA_VERSION, data: changes, ops };
}

function published(event: PublishedEvent, state: AggregateSnapshot, definition: AggregateDefinition): EventDraft {
  const ops = toOps(event.stateChanges ?? event.eventData, state.data, definition);
  assertBounds(definition, ops);
  return {
    eventId: event.eventId, type: event.eventType, schemaVersion: SCHEMA_VERSION, data: event.eventData, ops,
  };
}

function assertLive(state: AggregateSnapshot): void {
  if (lifeOf(state) !== 'live') throw notFound(state);
}

function assertVersion(state: AggregateSnapshot, { expectedVersion, ifMatch }: VersionDemand): void {
  const life = lifeOf(state);
  if (life === 'unborn' && (expectedVersion ?? 0) > 0) throw notFound(state);
  if (ifMatch !== undefined && !(ifMatch === '*' ? life === 'live' : life !== 'unborn' && ifMatch === state.version)) {
    throw new ServiceError('PRECONDITION_FAILED', `If-Match misses: the current version is ${state.version}`, {
      currentVersion: state.version,
    });
  }
  if (expectedVersion === undefined || expectedVersion === state.version) return;
  if (expectedVersion === 0 && life === 'deleted') return;
  throw new ServiceError(
    'VERSION_CONFLICT', `expected version ${expectedVersion}, but the current version is ${state.version}`,
    { expectedVersion, currentVersion: state.version },
  );
}

/** 404 for an aggregate that never was, or is deleted. */
export function notFound(state: Pick<AggregateSnapshot, 'ref' | 'version'>): ServiceError {
  const { type, id } = state.ref;
  return state.version === 0
    ? new ServiceError('STATE_NOT_FOUND', `there is no ${type} ${id}`)
    : new ServiceError('STATE_NOT_FOUND', `${type} ${id} was deleted`, { deletedAtVersion: state.version });
}
