import { ServiceError } from '@app/kernel';
import type { Bounds } from '../search.js';

const FORM = /^a:(\d{1,16}):(\d{1,16}):(\d{1,15}):(\d{1,15}):([0-9a-f-]{36})$/;

/** Where the next page starts in either source; opaque to clients. */
export function encodeCursor({ fromPosition, beforePosition, from, before: { at, id } }: Bounds): string {
  return Buffer.from(`a:${fromPosition}:${beforePosition}:${from.getTime()}:${at.getTime()}:${id}`).toString('base64url');
}

/** @throws ServiceError VALIDATION_ERROR for anything that `encodeCursor` did not make */
export function decodeCursor(cursor: string): Bounds {
  const [, fromPosition, beforePosition, from, at, id] = FORM.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (id !== undefined) {
    const bounds = {
      fromPosition: Number(fromPosition), beforePosition: Number(beforePosition), from: new Date(Number(from)), before: { at: new Date(Number(at)), id },
    };
    // Made again and compared: base64url is read leniently.
    if (encodeCursor(bounds) === cursor) return bounds;
  }
  throw new ServiceError('VALIDATION_ERROR', 'cursor is not one that was given out', { path: '/cursor' });
}
