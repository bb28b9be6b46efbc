import type { AggregateState, GameEvent, OperationOutput } from '@app/client';
import { CliError } from '../cli-error.js';
import type { Command, Context, ExitCode } from '../command.js';
import type { Given } from '../given.js';
import { inLine, table } from '../table.js';

const AGGREGATE = ['type', 'id'] as const;
const MOMENT = 'a version, a time such as 2026-11-25T12:00:00Z, or 2h for so long ago';

export const stateCommands: readonly Command[] = [{
  name: 'state get', summary: 'shows a state as it is, or as it was', takes: AGGREGATE,
  options: {
    version: { value: 'n', help: 'the state after this version' },
    at: { value: 'time', help: 'the state at this time, such as 2026-11-25T12:00:00Z, or 2h for so long ago' },
    events: { help: 'the newest 100 events with it' },
  },
  run: getState,
}];

export const diffCommands: readonly Command[] = [{
  name: 'diff', summary: 'shows what changed in a state between two versions or times', takes: AGGREGATE,
  options: { from: { value: 'moment', help: MOMENT }, to: { value: 'moment', help: MOMENT } },
  run: showDiff,
}];

async function getState(given: Given, { service, output }: Context): Promise<ExitCode> {
  const { aggregateType, aggregateId } = given.aggregate();
  const [version, at] = [given.whole('version', Number.MAX_SAFE_INTEGER), given.time('at')];
  if (version !== undefined && at !== undefined) throw new CliError('state get takes --version or --at, not both');
  const includeEvents = given.flag('events') || undefined;
  const state = await service.client.state(aggregateType, aggregateId, { version, at, includeEvents, consistency: 'strong' });
  output.document(state, () => linesOf(state));
  return 0;
}

function linesOf({ aggregateType, aggregateId, version, lastModified, checksum, data, events }: AggregateState): string[] {
  return [
    `${aggregateType}/${aggregateId} version ${version}, ${lastModified}`,
    ...(checksum === undefined ? [] : [`checksum ${checksum}`]),
    ...JSON.stringify(data, null, 2).split('\n'),
    ...(events === undefined ? [] : eventTable(events)),
  ];
}

/** Events with what they were given. */
export function eventTable(events: readonly GameEvent[]): string[] {
  return table(['version', 'time', 'event', 'data'], events.map(eventRow), 'No events');
}

export function eventRow({ eventVersion, timestamp, eventType, eventData }: GameEvent): (string | number)[] {
  return [eventVersion, timestamp, eventType, JSON.stringify(eventData)];
}

async function showDiff(given: Given, { service, output }: Context): Promise<ExitCode> {
  const path = given.aggregate();
  const query = { from: given.moment('from'), to: given.moment('to') };
  const diff = await service.client.request('diffAggregateState', { path, query });
  output.document(diff, () => diffLines(diff));
  return 0;
}

function diffLines({ aggregateType, aggregateId, from, to, changes }: OperationOutput<'diffAggregateState'>): string[] {
  return [
    `${aggregateType}/${aggregateId} version ${from.version} (${from.timestamp}) to ${to.version} (${to.timestamp})`,
    ...table(['path', 'from', 'to'], changes.map((change) => [change.path, inLine(change.old), inLine(change.new)]), 'No difference'),
  ];
}
