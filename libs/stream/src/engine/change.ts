import { changesOf, encodePosition, type StoredEvent } from '@app/kernel';
import { channelsOf } from '../protocol/channel.js';
import type { Filter } from '../protocol/requests.js';
import type { Message } from './message.js';

/** What is said of an event. The rest of it is not kept: what it carried may be as large again as what it changed. */
type ToldEvent = Pick<StoredEvent, 'eventId' | 'type' | 'ref' | 'version' | 'ops' | 'committedAt'> & { readonly serverId?: string };

/** Of a message, beside what changed, about so many bytes. */
const FACTS_BYTES = 400;

/** An event as subscribers hear of it. What does not depend on the channel is made once. */
export class Change {
  readonly event: ToldEvent;
  readonly position: number;
  /** `{type}/{id}`. */
  readonly key: string;
  readonly channels: readonly string[];
  readonly cursor: string;
  /** About the bytes that it takes. */
  readonly size: number;
  private body: string | undefined;

  constructor(stored: StoredEvent, epoch: string) {
    const { partition, position, eventId, type, ref, version, ops, committedAt, context: { serverId } } = stored;
    this.event = { eventId, type, ref, version, ops, committedAt, serverId };
    this.position = position;
    this.key = `${ref.type}/${ref.id}`;
    this.channels = channelsOf(stored);
    this.cursor = encodePosition({ epoch, partition, position });
    this.size = FACTS_BYTES + bytesOf(ops);
  }

  get committedAtMs(): number {
    return this.event.committedAt.getTime();
  }

  /** `STATE_CHANGED` with what changed, as a merge patch. */
  message(channel: string): Message {
    return this.named(channel, (this.body ??= `${this.facts(this.event.version)},"changes":${JSON.stringify(changesOf(this.event.ops))}` +
      `${isDeletion(this.event) ? ',"deleted":true' : ''}}`));
  }

  /** `STATE_CHANGED` with the state instead; it may be newer than the change. @param state JSON text; null if deleted */
  stateMessage(channel: string, version: number, state: string | null): Message {
    return this.named(channel, `${this.facts(version)},"state":${state}${state === null ? ',"deleted":true' : ''}}`);
  }

  /** Whether a subscriber with this filter wants it. */
  fits({ eventTypes, paths }: Filter): boolean {
    if (eventTypes && !eventTypes.includes(this.event.type)) return false;
    return !paths || this.event.ops.some((op) => op[0] === 'del' || paths.some((path) => touch(op[1], path)));
  }

  private named(channel: string, body: string): Message {
    return { text: `{"messageType":"STATE_CHANGED","channel":${JSON.stringify(channel)}${body}`, cursor: this.cursor };
  }

  private facts(version: number): string {
    const { eventId, type, ref, serverId, committedAt } = this.event;
    const server = serverId === undefined ? '' : `,"serverId":${JSON.stringify(serverId)}`;
    return `,"cursor":"${this.cursor}","timestamp":"${committedAt.toISOString()}","eventId":"${eventId}",` +
      `"eventType":${JSON.stringify(type)},"aggregateType":"${ref.type}","aggregateId":"${ref.id}","version":${version}${server}`;
  }
}

/** About the bytes of a value as JSON, without making that. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  let sum = 2;
  for (const [key, below] of Object.entries(value)) sum += key.length + 4 + bytesOf(below);
  return sum;
}

function isDeletion({ ops }: ToldEvent): boolean {
  return ops.some(([kind]) => kind === 'del');
}

/** Whether one of two JSON Pointers is the other, or lies below it. */
function touch(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}
