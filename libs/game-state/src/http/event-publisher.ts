import { authorize, type Principal } from '@app/auth';
import type { AppendedEvent, Outcome } from '@app/event-store';
import { canonicalJson, parseStrictJson, ServiceError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyRequest } from 'fastify';
import { PublishEvent } from '../command/publish-event.js';
import type { Receipt } from '../command/change-state.js';
import { type ContextOf, contextsOf } from './context.js';
import type { LineAnswer } from './ingest/answered-lines.js';
import type { Line } from './ingest/line-splitter.js';
import { type IdempotencyKey, idempotencyKeyOf } from './preconditions.js';
import { EventPublishRequest } from './schemas.js';
import { valid } from './validation.js';

export interface Published {
  readonly eventId: string;
  readonly eventVersion: number;
  readonly timestamp: string;
  /** Durable and in the state when the answer is sent. */
  readonly status: 'processed';
}

/** The answer to one of many events. */
export interface ItemResult extends Partial<Published> {
  readonly index: number;
  /** The HTTP status that the item would have had alone. */
  readonly code: string;
  readonly error?: string;
  readonly message?: string;
  readonly details?: unknown;
}

/** Who sends events, and what the request says of all of them: read once, however many there are. */
export interface Sender {
  readonly principal: Principal;
  readonly contextOf: ContextOf;
  readonly key: IdempotencyKey | undefined;
  readonly log: FastifyRequest['log'];
  /** Told of each refusal of one of many: the answer to the request as a whole says nothing of it. */
  readonly refused: (refusal: ServiceError, item: unknown) => void;
  /** Of the events that were appended for it, the last one in the log. */
  newest: AppendedEvent | undefined;
}

/** What the application's HTTP hooks put on a request. */
interface Watched {
  itemRefused?(refusal: ServiceError, item: unknown): void;
}

/** @throws ServiceError VALIDATION_ERROR for a malformed `Idempotency-Key` */
export function senderOf(request: FastifyRequest): Sender {
  const principal = request.user;
  if (!principal) throw new Error('events without a sender: the access guard did not run');
  return {
    principal, contextOf: contextsOf(request, principal), key: idempotencyKeyOf(request, principal.subject), log: request.log,
    refused: (refusal, item) => (request as Watched).itemRefused?.(refusal, item),
    newest: undefined,
  };
}

const ACCEPTED = '201';

/** The one way in for events: alone, in a batch, or line by line. */
@Injectable()
export class EventPublisher {
  constructor(private readonly commands: CommandBus) {}

  async publish(body: EventPublishRequest, sender: Sender, receipt: Receipt | undefined): Promise<Outcome> {
    const { principal, contextOf } = sender;
    const { aggregateType, aggregateId, eventId, eventType, eventData, stateChanges, expectedVersion } = body;
    authorize(principal, 'write', { aggregateType, aggregateId });
    const outcome = await this.commands.execute(new PublishEvent(
      { type: aggregateType, id: aggregateId }, { eventId, eventType, eventData, stateChanges, expectedVersion },
      contextOf(body), receipt));
    const [event] = outcome.events;
    if (event && event.position > (sender.newest?.position ?? -1)) sender.newest = event;
    return outcome;
  }

  /** Item `index` of a batch. Its fingerprint under an `Idempotency-Key` is the batch's. */
  async item(item: unknown, index: number, sender: Sender): Promise<ItemResult> {
    return answered(index, () =>
      this.publish(valid(EventPublishRequest, item), sender, sender.key?.receipt(sender.key.fingerprint(), String(index))),
    (refusal) => sender.refused(refusal, item));
  }

  /** A line of an upload. Its fingerprint is its own: of the others there may be no end. */
  async line({ number, bytes }: Line, sender: Sender): Promise<LineAnswer> {
    const { key } = sender;
    let body: unknown;
    const result = await answered(number, () => {
      if (!bytes) throw new ServiceError('PAYLOAD_TOO_LARGE', 'The line has too many bytes', { reason: 'body_too_large' });
      body = parseStrictJson(bytes);
      return this.publish(valid(EventPublishRequest, body), sender, key?.receipt(key.fingerprint(canonicalJson(body)), String(number)));
    }, (refusal) => sender.refused(refusal, body)).catch((error: unknown) => brokenLine(number, error, sender));
    return { text: JSON.stringify(result), accepted: isAccepted(result) };
  }
}

/** `EventPublishResponse`, read from the stored event: a replay of the request gets the same one. */
export function published({ events }: Outcome): Published {
  const { eventId, version, committedAt } = events[0]!;
  return { eventId, eventVersion: version, timestamp: committedAt.toISOString(), status: 'processed' };
}

export function isAccepted(result: ItemResult): boolean {
  return result.code === ACCEPTED;
}

async function answered(index: number, append: () => Promise<Outcome>, refused: (refusal: ServiceError) => void): Promise<ItemResult> {
  try {
    return { index, code: ACCEPTED, ...published(await append()) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    refused(error);
    const { message, details } = error;
    return { index, code: String(error.status), error: error.error, message, details };
  }
}

/** The status of the stream was sent long ago: the line says that something broke, and the log says what. */
function brokenLine(index: number, error: unknown, { log }: Sender): ItemResult {
  log.error({ err: error, index }, 'a line of an upload failed');
  return { index, code: '500', error: 'INTERNAL_ERROR', message: 'Something went wrong inside the service; its log has the request id' };
}
