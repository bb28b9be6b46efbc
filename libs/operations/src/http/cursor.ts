import { ServiceError } from '@app/kernel';

/** Where the next page begins; opaque to clients. */
export function encodeCursor(number: number): string {
  return Buffer.from(`o:${number}`).toString('base64url');
}

/** @throws ServiceError VALIDATION_ERROR for anything that `encodeCursor` did not make */
export function decodeCursor(cursor: string): number {
  const number = Number(/^o:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  if (Number.isSafeInteger(number) && encodeCursor(number) === cursor) return number;
  throw new ServiceError('VALIDATION_ERROR', 'cursor is not one that was given out', { path: '/cursor' });
}
