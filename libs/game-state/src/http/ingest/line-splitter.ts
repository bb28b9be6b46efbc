const LINE_FEED = 0x0a;
const SPACE = 0x20;
const BLANKS = new Set([SPACE, 0x09, 0x0d]);

/** A line of an upload, without its end. */
export interface Line {
  /** Counted from 0, blank lines too, as an editor would show the upload. */
  readonly number: number;
  /** Absent where the line was longer than allowed: its bytes are gone. */
  readonly bytes: Buffer | undefined;
}

/** Cuts an upload into its lines, whatever chunks it comes in. Blank lines are left out; `\r\n` ends a line too. */
export class LineSplitter {
  private number = 0;
  /** The start of a line whose end has not come yet. Grown by doubling: a line may come byte by byte. */
  private held = Buffer.alloc(0);
  private heldLength = 0;
  private overlong = false;

  constructor(private readonly maxBytes: number) {}

  /** The lines that end in this chunk. The chunk must stay as it is until the last of them was taken. */
  *split(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = this.end(chunk.subarray(start, end));
      start = end + 1;
      if (line) yield line;
    }
    this.hold(chunk.subarray(start));
  }

  /** The last line, if the upload did not end it. */
  *rest(): Generator<Line> {
    const line = this.end(Buffer.alloc(0));
    if (line) yield line;
  }

  private end(tail: Buffer): Line | undefined {
    const number = this.number;
    this.number += 1;
    const whole = this.heldLength === 0 ? tail : Buffer.concat([this.held.subarray(0, this.heldLength), tail]);
    const tooLong = this.overlong || whole.length > this.maxBytes;
    this.heldLength = 0;
    this.overlong = false;
    if (tooLong) return { number, bytes: undefined };
    return isBlank(whole) ? undefined : { number, bytes: whole };
  }

  private hold(part: Buffer): void {
    const length = this.heldLength + part.length;
    if (this.overlong || length > this.maxBytes) {
      this.overlong = true;
      this.heldLength = 0;
      return;
    }
    if (length > this.held.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.maxBytes, Math.max(length, this.held.length * 2)));
      this.held.copy(larger, 0, 0, this.heldLength);
      this.held = larger;
    }
    part.copy(this.held, this.heldLength);
    this.heldLength = length;
  }
}

function isBlank(line: Buffer): boolean {
  // Almost no line starts with white space, so this ends at the first byte.
  return line.every((byte) => BLANKS.has(byte));
}
