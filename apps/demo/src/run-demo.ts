import { compareState, countGold, type Difference, nameOf, type ToldState } from './compare.js';
import type { ExpectedState, GameEvent } from './input.js';
import { type ClientOptions, ServiceClient } from './service-client.js';

export interface DemoOptions extends ClientOptions {
  readonly events: readonly GameEvent[];
  readonly expected: readonly ExpectedState[];
  /** Told after each event how many have their answer. */
  readonly onProgress?: (answered: number) => void;
}

/** What a run showed. Times in ms, of the answers to published events. */
export interface DemoResult {
  readonly events: number;
  readonly sentTwice: number;
  readonly duplicates: number;
  readonly retries: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly aggregates: number;
  readonly gold: number;
  readonly minted: number;
  readonly differences: readonly Difference[];
}

/** Every so many events one is sent twice, in turn with its twin at its side and behind it. */
const TWICE_EVERY = 5;

/**
 * Sends the events, those of one aggregate one after another, then compares every state with the expected one and the
 * players' gold with what was minted. May be run again on the same database: all events are then duplicates.
 * @throws DemoError if the service is not there or refuses an event or the token
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const client = new ServiceClient(options);
  try {
    const started = performance.now();
    const sent = await sendAll(client, options);
    const seconds = (performance.now() - started) / 1000;
    const states = await readAll(client, options);
    const { gold, minted } = countGold(states);
    return {
      events: options.events.length, ...sent, retries: client.retries, seconds,
      eventsPerSecond: options.events.length / seconds, ...percentiles(client.latencies.slice(0)),
      aggregates: states.size, gold, minted,
      differences: [
        ...sent.differences, ...compareAll(options.expected, states),
        ...(gold === minted ? [] : [{ aggregate: 'all players', path: '/data/gold', expected: minted, got: gold }]),
      ],
    };
  } finally {
    await client.close();
  }
}

interface Sent {
  sentTwice: number;
  duplicates: number;
  readonly differences: Difference[];
}

async function sendAll(client: ServiceClient, { events, onProgress }: DemoOptions): Promise<Sent> {
  const sent: Sent = { sentTwice: 0, duplicates: 0, differences: [] };
  let answered = 0;
  await Promise.all([...byAggregate(events).values()].map(async (queue) => {
    for (const { event, index } of queue) {
      await deliver(client, event, index, sent);
      onProgress?.(++answered);
    }
  }));
  return sent;
}

function byAggregate(events: readonly GameEvent[]): Map<string, { event: GameEvent; index: number }[]> {
  const queues = new Map<string, { event: GameEvent; index: number }[]>();
  events.forEach((event, index) => {
    const queue = queues.get(nameOf(event));
    if (queue) queue.push({ event, index });
    else queues.set(nameOf(event), [{ event, index }]);
  });
  return queues;
}

async function deliver(client: ServiceClient, event: GameEvent, index: number, sent: Sent): Promise<void> {
  const isTwice = (index + 1) % TWICE_EVERY === 0;
  const atOnce = (index + 1) % (2 * TWICE_EVERY) === 0;
  const publish = () => client.publish(event);
  if (!isTwice) {
    if ((await publish()).duplicate) sent.duplicates += 1;
    return;
  }
  const [one, two] = atOnce ? await Promise.all([publish(), publish()]) : [await publish(), await publish()];
  sent.sentTwice += 1;
  sent.duplicates += Number(one.duplicate) + Number(two.duplicate);
  const problem = { aggregate: nameOf(event), path: `event ${event.eventId}` };
  if (!one.duplicate && !two.duplicate) {
    sent.differences.push({ ...problem, expected: 'a duplicate', got: 'two new events' });
  }
  if (one.eventVersion !== two.eventVersion || one.eventId !== two.eventId) {
    sent.differences.push({ ...problem, expected: one.eventVersion, got: two.eventVersion });
  }
}

/** The states of all aggregates that have events or should be there. */
async function readAll(
  client: ServiceClient, { events, expected }: DemoOptions,
): Promise<Map<string, ToldState | undefined>> {
  const names = [...new Set([...expected.map(nameOf), ...events.map(nameOf)])];
  const states = await Promise.all(names.map(async (name) => [name, await client.state(name)] as const));
  return new Map(states);
}

function compareAll(
  expected: readonly ExpectedState[], states: ReadonlyMap<string, ToldState | undefined>,
): Difference[] {
  const known = new Set(expected.map(nameOf));
  const unexpected = [...states].filter(([name, state]) => state && !known.has(name));
  return [
    ...expected.flatMap((state) => compareState(state, states.get(nameOf(state)))),
    ...unexpected.map(([aggregate, state]) => ({ aggregate, path: '', got: state!.data })),
  ];
}

function percentiles(latencies: number[]): { p50: number; p99: number } {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
