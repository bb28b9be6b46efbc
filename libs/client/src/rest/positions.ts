import type { AggregateType } from '../types.js';

/**
 * Reads are at most 150 ms old without a position, so only the newest writes matter. More than this many in that time are
 * not made by one client.
 */
const REMEMBERED = 1000;

interface Write {
  readonly version: number;
  readonly position: string;
}

/** Where the own writes landed in the log (`X-Position`), by aggregate. */
export class Positions {
  private readonly writes = new Map<string, Write>();

  /** @param version of the aggregate after the write: answers can overtake each other; undefined: it is the newest */
  wrote(type: AggregateType, id: string, headers: Headers, version?: number): void {
    const position = headers.get('x-position');
    if (position === null) return;
    const key = keyOf(type, id);
    const known = this.writes.get(key);
    if (known && version !== undefined && version < known.version) return;
    this.writes.delete(key);
    this.writes.set(key, { position, version: version ?? known?.version ?? 0 });
    if (this.writes.size > REMEMBERED) this.writes.delete(this.writes.keys().next().value!);
  }

  /** The headers of a read that must show the own writes. */
  demand(type: AggregateType, id: string): Record<string, string> {
    const write = this.writes.get(keyOf(type, id));
    return write ? { 'x-min-position': write.position } : {};
  }
}

function keyOf(type: AggregateType, id: string): string {
  return `${type}/${id.toLowerCase()}`;
}
