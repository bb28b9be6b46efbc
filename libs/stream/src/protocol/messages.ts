import type { ServiceError } from '@app/kernel';
import type { Message } from '../engine/message.js';
import type { RequestId } from './requests.js';

/** What the server says beside changes, as text. Fields that are not there are left out. */
export const messages = {
  subscribed: (id: RequestId | undefined, at: { channel: string; cursor: string; epoch: string; recovered: boolean }) =>
    message({ messageType: 'SUBSCRIBED', id, ...at }, at.cursor),
  unsubscribed: (id: RequestId | undefined, channel: string) => message({ messageType: 'UNSUBSCRIBED', id, channel }),
  live: (channel: string, cursor: string) => message({ messageType: 'LIVE', channel, cursor }, cursor),
  cursor: (channel: string, cursor: string) => message({ messageType: 'CURSOR', channel, cursor }, cursor),
  /** @param state JSON text of an `AggregateState`, or null */
  snapshot: (channel: string, cursor: string, state: string | null): Message => ({
    text: `{"messageType":"SNAPSHOT","channel":${JSON.stringify(channel)},"cursor":"${cursor}","state":${state}}`, cursor,
  }),
  /** @param operation JSON text of an `Operation` */
  operation: (channel: string, cursor: string, operation: string): Message => ({
    text: `{"messageType":"OPERATION_CHANGED","channel":${JSON.stringify(channel)},"cursor":"${cursor}","operation":${operation}}`, cursor,
  }),
  resync: (channel: string, cursor: string) => message({ messageType: 'RESYNC_REQUIRED', channel, cursor }),
  presence: (channel: string, who: { members?: readonly string[]; joined?: readonly string[]; left?: readonly string[] }) =>
    message({ messageType: 'PRESENCE', channel, ...who }),
  pong: (id: RequestId | undefined) => message({ messageType: 'PONG', id }),
  /** The members of the error body that HTTP has, without its time. */
  refusal: ({ error, status, message: text, details }: ServiceError, id?: RequestId, channel?: string) =>
    message({ messageType: 'ERROR', id, channel, error, code: String(status), message: text, details }),
};

function message(body: Readonly<Record<string, unknown>>, cursor?: string): Message {
  return { text: JSON.stringify(body), cursor };
}
