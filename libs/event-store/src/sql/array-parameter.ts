/** Type ids of PostgreSQL, fixed in its catalog. */
const TYPES = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, json: 114, uuid: 2950 } as const;
export type ArrayType = keyof typeof TYPES;

const HEADER_BYTES = 20;
/**
 * Room made for an element at first, with its length. No more: buffers lie outside the heap, and V8 collects all of that whenever a few MB
 * of them were taken.
 */
const ROOM = { bool: 5, bytea: 36, int8: 12, int2: 6, int4: 8, text: 32, json: 512, uuid: 20 } as const;
/** In UTF-8 a UTF-16 unit takes three bytes at most. */
const BYTES_A_UNIT = 3;
const UUID_BYTES = 16;
/** By character code; 255 for what is no hex digit. */
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => {
  const nibble = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(nibble) ? 255 : nibble;
});

/**
 * One array parameter in the binary format of PostgreSQL's `array_recv`, which `pg` sends as it is. Nothing is escaped here
 * and parsed there: docs/decisions/0004 has the numbers. Add by the method of the type only.
 */
export class ArrayParameter {
  private buffer: Buffer;
  private end = HEADER_BYTES;
  private count = 0;
  private nulls = 0;

  /** @param expected elements to make room for at first */
  constructor(private readonly type: ArrayType, expected = 0) {
    this.buffer = Buffer.allocUnsafe(HEADER_BYTES + expected * ROOM[type]);
  }

  addInteger(value: number): void {
    const bytes = this.type === 'int8' ? 8 : this.type === 'int2' ? 2 : 4;
    const at = this.element(bytes, bytes);
    if (bytes === 4) this.buffer.writeInt32BE(value, at);
    else if (bytes === 2) this.buffer.writeInt16BE(value, at);
    else {
      this.buffer.writeInt32BE(Math.floor(value / 2 ** 32), at);
      this.buffer.writeUInt32BE(value - Math.floor(value / 2 ** 32) * 2 ** 32, at + 4);
    }
  }

  addBigInt(value: bigint): void {
    const at = this.element(8, 8); // first: it may put another buffer in the place of this one
    this.buffer.writeBigInt64BE(value, at);
  }

  addBoolean(value: boolean): void {
    const at = this.element(1, 1);
    this.buffer[at] = value ? 1 : 0;
  }

  /** For text and json. */
  addText(value: string | undefined): void {
    if (value === undefined) {
      this.addNull();
      return;
    }
    const at = this.element(0, value.length * BYTES_A_UNIT);
    const bytes = this.buffer.write(value, at);
    this.buffer.writeInt32BE(bytes, at - 4);
    this.end = at + bytes;
  }

  /** For bytea: an even number of hex digits. */
  addHex(value: string): void {
    const bytes = value.length / 2;
    const at = this.element(bytes, bytes);
    if (this.buffer.write(value, at, 'hex') !== bytes) throw new TypeError('not hex');
  }

  /** @throws TypeError for what is not 36 characters of a UUID */
  addUuid(value: string | undefined): void {
    if (value === undefined) {
      this.addNull();
      return;
    }
    const at = this.element(UUID_BYTES, UUID_BYTES);
    let from = 0;
    let bad = value.length === 36 ? 0 : 255;
    for (let i = 0; i < UUID_BYTES; i += 1) {
      if (i === 4 || i === 6 || i === 8 || i === 10) bad |= value.charCodeAt(from++) ^ 45; // a hyphen
      const high = NIBBLES[value.charCodeAt(from++)] ?? 255;
      const low = NIBBLES[value.charCodeAt(from++)] ?? 255;
      bad |= (high | low) & 0xf0;
      this.buffer[at + i] = (high << 4) | low;
    }
    if (bad !== 0) throw new TypeError(`not a UUID: ${value}`);
  }

  /** The parameter's value; `null` where no element has one. */
  value(): Buffer | null {
    if (this.nulls === this.count) return null;
    this.buffer.writeInt32BE(1, 0); // dimensions
    this.buffer.writeInt32BE(this.nulls > 0 ? 1 : 0, 4);
    this.buffer.writeInt32BE(TYPES[this.type], 8);
    this.buffer.writeInt32BE(this.count, 12);
    this.buffer.writeInt32BE(1, 16); // number of the first element
    return this.buffer.subarray(0, this.end);
  }

  private addNull(): void {
    this.element(-1, 0);
    this.nulls += 1;
  }

  /** Begins an element of so many bytes, with room for `room`; where its bytes go. */
  private element(bytes: number, room: number): number {
    const at = this.end + 4;
    if (at + room > this.buffer.length) this.grow(at + room);
    this.buffer.writeInt32BE(bytes, this.end);
    this.end = at + Math.max(bytes, 0);
    this.count += 1;
    return at;
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
  }
}
