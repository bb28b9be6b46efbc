import type { Entry } from '@app/cache';
import type { StateDocument } from '@app/event-store';

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"v${version}"`;
}

/** A state as it is cached and served: the body's text is made once, without parsing `data`. */
export function toEntry(state: StateDocument): Entry {
  const { version, position, deleted } = state;
  const body = deleted ? '' : bodyOf(state);
  return { version, position, live: !deleted, etag: etagOf(version), body, bytes: Buffer.byteLength(body) };
}

/** `AggregateState` of the contract. @param events JSON text of the array, where it was asked for */
export function bodyOf({ ref, version, data, lastModified, checksum }: StateDocument, events?: string): string {
  const tail = events === undefined ? '' : `,"events":${events}`;
  return `{"aggregateType":"${ref.type}","aggregateId":"${ref.id}","version":${version},"data":${data},` +
    `"lastModified":"${lastModified.toISOString()}","checksum":"${checksum}"${tail}}`;
}
