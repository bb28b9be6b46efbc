/** A place in the log. Positions of another epoch, or of another partition, cannot be compared. */
export interface LogPosition {
  readonly epoch: string;
  readonly partition: number;
  readonly position: number;
}

const FORM = /^([0-9a-f-]{36}):(\d{1,5}):(\d{1,16})$/;

/** A position as clients carry it from a write to a read: opaque, URL-safe. */
export function encodePosition({ epoch, partition, position }: LogPosition): string {
  return Buffer.from(`${epoch}:${partition}:${position}`, 'latin1').toString('base64url');
}

/** What `encodePosition` made; `undefined` for anything else. */
export function decodePosition(text: string): LogPosition | undefined {
  if (text.length > 128) return undefined;
  const [, epoch, partition, position] = FORM.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (epoch === undefined) return undefined;
  const found = { epoch, partition: Number(partition), position: Number(position) };
  // Made again and compared: base64url is read leniently.
  return Number.isSafeInteger(found.position) && encodePosition(found) === text ? found : undefined;
}
