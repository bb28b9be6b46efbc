import type { StateDocument } from '@app/event-store';

/** A state as it is served: the body's bytes are made once, without parsing `data`. */
export interface StateView {
  readonly version: number;
  readonly etag: string;
  readonly body: string;
}

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"v${version}"`;
}

/** `AggregateState` of the contract. @param events JSON text of the array, where it was asked for */
export function toStateView(state: StateDocument, events?: string): StateView {
  const { ref, version, data, lastModified, checksum } = state;
  const tail = events === undefined ? '' : `,"events":${events}`;
  return {
    version,
    etag: etagOf(version),
    body: `{"aggregateType":"${ref.type}","aggregateId":"${ref.id}","version":${version},"data":${data},` +
      `"lastModified":"${lastModified.toISOString()}","checksum":"${checksum}"${tail}}`,
  };
}
