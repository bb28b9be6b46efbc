import type { AggregateType, Channel, Watch, WatchMessage } from '@app/client';
import { AGGREGATE_TYPES } from '@app/kernel';
import { CliError } from '../cli-error.js';
import type { Command, Context, ExitCode } from '../command.js';
import { aggregateOf, type Given } from '../given.js';
import type { Output } from '../output.js';
import { eventRow } from './state.js';

const EVERYTHING = AGGREGATE_TYPES.map((type): Channel => `${type}/*`);

export const eventsCommands: readonly Command[] = [
  {
    name: 'events list', summary: 'prints the events of an aggregate, oldest first', takes: ['type', 'id'],
    options: { from: { value: 'version', help: 'the first one' }, to: { value: 'version', help: 'the last one' } },
    run: list,
  },
  {
    name: 'events tail', summary: 'prints changes as they happen, until it is stopped; all, or those of a channel such as player/<id>, guild/*, server/eu-1',
    takes: ['channel?'],
    options: {
      filter: { value: 'event type', multiple: true, help: 'only such events; may be given again' },
      'from-start': { help: 'with all that happened before; for the channel of one aggregate' },
    },
    run: tail,
  },
];

async function list(given: Given, { service, output }: Context): Promise<ExitCode> {
  const { aggregateType, aggregateId } = given.aggregate();
  const [fromVersion, toVersion] = [given.whole('from', Number.MAX_SAFE_INTEGER), given.whole('to', Number.MAX_SAFE_INTEGER)];
  for await (const event of service.client.events(aggregateType, aggregateId, { fromVersion, toVersion, pageSize: 1000 })) {
    output.item(event, () => eventRow(event).join('  '));
  }
  return 0;
}

/** Ends when it is interrupted, which is no failure. */
async function tail(given: Given, { service, output }: Context): Promise<ExitCode> {
  const channel = given.argument('channel');
  const eventTypes = given.all('filter');
  const options = eventTypes.length > 0 ? { filter: { eventTypes } } : {};
  const history = given.flag('from-start') ? aggregateOfChannel(channel) : undefined;
  const watches = (channel === undefined ? EVERYTHING : [channel as Channel]).map((each) => service.client.watch(each, options));
  const stop = (): void => watches.forEach((watch) => void watch.return());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    await Promise.all(watches.map((watch) => follow(watch, output, async () => {
      if (!history) return 0;
      const { aggregateType: type, aggregateId: id } = history;
      let last = 0;
      for await (const event of service.client.events(type, id, { pageSize: 1000 })) {
        last = event.eventVersion;
        if (eventTypes.length === 0 || eventTypes.includes(event.eventType)) output.item(event, () => lineOf(event));
      }
      return last;
    })));
  } finally {
    stop();
  }
  return 0;
}

/** The past is read once the watch is live, so nothing falls between the two; what both have is printed once. */
async function follow(watch: Watch, output: Output, readPast: () => Promise<number>): Promise<void> {
  let shown: number | undefined;
  for await (const message of watch) {
    if (message.type === 'live') shown ??= await readPast();
    else if (message.type === 'reset') output.note(`Some changes of ${message.channel} are out of reach: events list has those of an aggregate`);
    else if (message.type === 'change' && message.version > (shown ?? 0)) output.item(eventOf(message), () => lineOf(message));
  }
}

function eventOf({ type: _type, ...change }: Extract<WatchMessage, { type: 'change' }>): object {
  return change;
}

interface Happened {
  readonly timestamp?: string;
  readonly eventType: string;
  readonly aggregateType: AggregateType;
  readonly aggregateId: string;
  readonly eventVersion?: number;
  readonly version?: number;
  readonly eventData?: object;
  readonly changes?: object;
  readonly deleted?: boolean;
}

function lineOf({ timestamp, eventType, aggregateType, aggregateId, eventVersion, version = eventVersion, eventData, changes, deleted }: Happened): string {
  return `${timestamp}  ${aggregateType}/${aggregateId}@${version}  ${eventType}  ${deleted ? 'deleted' : JSON.stringify(changes ?? eventData ?? {})}`;
}

function aggregateOfChannel(channel = ''): { aggregateType: AggregateType; aggregateId: string } {
  const [type = '', id = '', ...rest] = channel.split('/');
  if (rest.length > 0 || id === '' || id === '*') throw new CliError('--from-start needs the channel of one aggregate, such as player/<id>');
  return aggregateOf(type, id);
}
