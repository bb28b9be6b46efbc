import { toGameEvent } from '@app/game-state';
import { ServiceError, type StoredEvent } from '@app/kernel';
import type { Flag } from '../sql/flags.js';
import type { Quarantine } from '../sql/quarantines.js';
import type { ReviewedFlag } from './flags.js';

/** `Flag` of the contract. */
export function flagBody({ id: flagId, number: _number, version: eventVersion, violation, ...flag }: Flag): object {
  return { flagId, ...violation, ...flag, eventVersion };
}

/** `FlagDetail`. */
export function flagDetail({ flag, actions, isQuarantined, evidence, together }: ReviewedFlag): object {
  const shown = (events: readonly StoredEvent[]): object[] => events.map((event) => ({ actor: event.context.actor, event: toGameEvent(event) }));
  return { ...flagBody(flag), isQuarantined, actions, evidence: shown(evidence), ...(together.length > 0 && { together: shown(together) }) };
}

/** `Quarantine`. */
export function quarantineBody({ number: _number, version: eventVersion, ...quarantine }: Quarantine): object {
  return { ...quarantine, eventVersion };
}

/** Where the next page begins; opaque to clients. */
export function encodeCursor(number: number): string {
  return Buffer.from(`f:${number}`).toString('base64url');
}

/** @throws ServiceError VALIDATION_ERROR for anything that `encodeCursor` did not make */
export function decodeCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const number = Number(/^f:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  if (Number.isSafeInteger(number) && encodeCursor(number) === cursor) return number;
  throw new ServiceError('VALIDATION_ERROR', 'cursor is not one that was given out', { path: '/cursor' });
}
