import { randomUUID } from 'node:crypto';
import { type Command, unborn } from '@app/event-store';
import {
  type AggregateRef, type AggregateSnapshot, type EventDraft, type Json, type Op, ServiceError, toPointer,
} from '@app/kernel';
import type { EventLog } from './in-memory-event-store.js';

/** The store under test, once it is open. */
export type Store = () => EventLog;

/** What a promise is rejected with: a `ServiceError` of this word. */
export const refusal = (error: string, details?: object): object =>
  expect.objectContaining({ name: 'ServiceError', error, ...(details && { details }) });

/** Makes one event of a state, or refuses. */
export type Decision = (state: AggregateSnapshot) => EventDraft;

/** An aggregate that nobody has written to. */
export const someone = (type = 'player'): AggregateRef => ({ type, id: randomUUID() });

const draft = (type: string, op: Op): EventDraft => ({ type, schemaVersion: 1, data: { op: op[0] }, ops: [op] });

export const set = (key: string, value: Json): Decision => () => draft('Set', ['set', toPointer([key]), 'lww', value]);

export const add = (key: string, n: number): Decision => ({ data }) =>
  draft('Added', ['inc', toPointer([key]), 'sum', n, Number(data[key] ?? 0) + n]);

export const remove: Decision = (state) => {
  if (state.version === 0 || state.deleted) throw new ServiceError('STATE_NOT_FOUND', 'it is not there');
  return draft('Removed', ['del']);
};

type More = Partial<Pick<Command, 'receipt' | 'context'>> & { eventId?: string; expected?: number };

/** A command on one aggregate. With an `eventId` it is a publisher's, whose event is known again by its type. */
export function on(ref: AggregateRef, decision: Decision, { eventId, expected, ...keys }: More = {}): Command {
  const sameAs = ({ type }: { type: string }): boolean => type === decision({ ...unborn(ref), version: 1 }).type;
  return {
    aggregates: [ref],
    context: { actor: 'contract' },
    decide: ([state]) => {
      if (expected !== undefined && expected !== state!.version) {
        throw new ServiceError('VERSION_CONFLICT', 'it is at another version', { currentVersion: state!.version });
      }
      return [[{ ...decision(state!), eventId }]];
    },
    publisherEvent: eventId === undefined ? undefined : { eventId, sameAs },
    ...keys,
  };
}

/** A command on several aggregates, one event each. */
export function onAll(
  refs: readonly AggregateRef[], decision: (state: AggregateSnapshot, i: number) => EventDraft,
): Command {
  return {
    aggregates: refs,
    context: { actor: 'contract' },
    decide: (states) => states.map((state, i) => [decision(state, i)]),
  };
}
