import { type Coherence, type ReadDemand } from '@app/cache';
import type { AppendedEvent } from '@app/event-store';
import { decodePosition, encodePosition, ServiceError } from '@app/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

export const POSITION_HEADER = 'x-position';
const MIN_POSITION_HEADER = 'x-min-position';

/**
 * How fresh the answer must be: `Cache-Control: no-cache` (RFC 9111, 5.2.1.4) or `consistency=strong` read PostgreSQL;
 * `X-Min-Position` demands at least what the write with that `X-Position` left behind.
 * @throws ServiceError VALIDATION_ERROR for a position that was never given out
 */
export function readDemandOf(request: FastifyRequest, consistency: string | undefined, epoch: string | undefined): ReadDemand {
  if (consistency === 'strong' || /\bno-(cache|store)\b/i.test(request.headers['cache-control'] ?? '')) return { strong: true };
  const header = request.headers[MIN_POSITION_HEADER];
  if (header === undefined) return {};
  const position = typeof header === 'string' ? decodePosition(header) : undefined;
  if (!position) {
    throw new ServiceError('VALIDATION_ERROR', 'X-Min-Position takes what X-Position of a write said', { header: 'X-Min-Position' });
  }
  // Positions of a log before a restore mean nothing in this one: PostgreSQL has the last word.
  return position.epoch === epoch ? { minPosition: position.position } : { strong: true };
}

/** Whether a request says nothing of how fresh its answer must be. */
export function demandsNothing({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers['cache-control'] === undefined && headers[MIN_POSITION_HEADER] === undefined;
}

/** Tells where a write landed, so that a read through any instance can ask for at least that. */
export function tellPosition(reply: FastifyReply, events: readonly AppendedEvent[], coherence: Coherence): void {
  const position = positionOf(events.at(-1), coherence);
  if (position !== undefined) void reply.header(POSITION_HEADER, position);
}

/** Where an event landed, as clients are told. */
export function positionOf(event: AppendedEvent | undefined, { epoch }: Coherence): string | undefined {
  return event && epoch !== undefined ? encodePosition({ epoch, partition: event.partition, position: event.position }) : undefined;
}
