import { ServiceError } from '@app/kernel';

/** After which change the next page of revocations starts; opaque to clients. */
export function encodeCursor(revision: number): string {
  return Buffer.from(`r:${revision}`).toString('base64url');
}

/** @throws ServiceError VALIDATION_ERROR for anything that `encodeCursor` did not make */
export function decodeCursor(cursor: string): number {
  const revision = Number(/^r:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  // Made again and compared: base64url is read leniently.
  if (Number.isSafeInteger(revision) && encodeCursor(revision) === cursor) return revision;
  throw new ServiceError('VALIDATION_ERROR', 'cursor is not one that was given out', { path: '/cursor' });
}
