/** One answer as the cache holds it: the body that is sent, made once. */
export interface Entry {
  /** Of the aggregate; 0: it never was. */
  readonly version: number;
  /** In the log, of the event `version`. */
  readonly position: number;
  /** False for a tombstone and for what never was: there is no body then. */
  readonly live: boolean;
  readonly etag: string;
  /** JSON text, ready to send. */
  readonly body: string;
  /** Of the body in UTF-8; as many as it has characters where all of them are ASCII. */
  readonly bytes: number;
}

/** That the aggregate never was. */
export const ABSENT: Entry = Object.freeze({ version: 0, position: 0, live: false, etag: '"v0"', body: '', bytes: 0 });
