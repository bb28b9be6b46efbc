import type { Client } from 'pg';
import type { StreamSubscriber, ToldChange } from './stream-subscriber.js';

interface LoggedEvent extends ToldChange {
  readonly type: string;
  readonly serverId: string | null;
}

/** The whole log, by position. */
export async function readWholeLog(client: Client): Promise<LoggedEvent[]> {
  const { rows } = await client.query<Omit<LoggedEvent, 'position'> & { position: string }>(`
    SELECT position, aggregate_type || '/' || aggregate_id AS aggregate, version::int, event_id AS "eventId",
      aggregate_type AS type, server_id AS "serverId"
    FROM global_state.events ORDER BY position`);
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/** What a subscriber must have been told: every event of its channel after its start. */
export function expectedOf({ wish: { channel }, start }: StreamSubscriber, log: readonly LoggedEvent[]): LoggedEvent[] {
  const [head, rest] = [channel.slice(0, channel.indexOf('/')), channel.slice(channel.indexOf('/') + 1)];
  return log.filter((event) => event.position > (start ?? Infinity)
    && (head === 'server' ? event.serverId === rest : event.type === head && (rest === '*' || event.aggregate === channel)));
}

/** Whether it was told as much as there is; whether that is right is another question. */
export function knowsAll(subscriber: StreamSubscriber, expected: readonly LoggedEvent[]): boolean {
  if (expected.length === 0) return true;
  if (subscriber.wish.delivery === 'lossless') return (subscriber.told.at(-1)?.position ?? -1) >= expected.at(-1)!.position;
  const [newest, told] = [newestOf(expected), newestOf(subscriber.told)];
  return [...newest].every(([aggregate, version]) => told.get(aggregate) === version);
}

/** The first thing that is wrong with what a subscriber was told. */
export function wrongWith(subscriber: StreamSubscriber, expected: readonly LoggedEvent[]): string | undefined {
  const { told, wish } = subscriber;
  if (wish.delivery === 'latest') return wrongWithLatest(told, expected);
  for (let i = 0; i < Math.max(told.length, expected.length); i += 1) {
    const [is, should] = [told[i], expected[i]];
    const same = is && should && is.position === should.position && is.eventId === should.eventId
      && is.aggregate === should.aggregate && is.version === should.version;
    if (!same) return `change ${i} of ${expected.length}: told ${JSON.stringify(is)}, the log has ${JSON.stringify(should)}`;
  }
  return undefined;
}

/** States may stand for many changes; they never go back, and in the end each is the newest. */
function wrongWithLatest(told: readonly ToldChange[], expected: readonly LoggedEvent[]): string | undefined {
  const before = new Map<string, number>();
  for (const change of told) {
    if (change.version < (before.get(change.aggregate) ?? 0)) return `an older state: ${JSON.stringify(change)}`;
    before.set(change.aggregate, change.version);
  }
  for (const [aggregate, version] of newestOf(expected)) {
    if (before.get(aggregate) !== version) return `${aggregate} ended at ${before.get(aggregate)}, the log has ${version}`;
  }
  const known = new Set(expected.map(({ eventId }) => eventId));
  const stray = told.find(({ eventId }) => !known.has(eventId));
  return stray && `not of this channel: ${JSON.stringify(stray)}`;
}

function newestOf(changes: readonly ToldChange[]): Map<string, number> {
  return new Map(changes.map(({ aggregate, version }) => [aggregate, version]));
}
