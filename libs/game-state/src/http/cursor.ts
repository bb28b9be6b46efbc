import { ServiceError } from '@app/kernel';

/** Where the next page of a history starts; opaque to clients. */
export function encodeCursor(version: number): string {
  return Buffer.from(`v:${version}`).toString('base64url');
}

/** @throws ServiceError VALIDATION_ERROR for anything that `encodeCursor` did not make */
export function decodeCursor(cursor: string): number {
  const version = Number(/^v:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  // Made again and compared: base64url is read leniently.
  if (Number.isSafeInteger(version) && encodeCursor(version) === cursor) return version;
  throw new ServiceError('VALIDATION_ERROR', 'cursor is not one that was given out', { path: '/cursor' });
}

/** The `Link` header of a page that has a next one (RFC 8288). */
export function nextLink(url: string, cursor: string): string {
  const [path, query] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}
