/** One message, ready to be sent: made once, however many get it. */
export interface Message {
  /** JSON text. */
  readonly text: string;
  /** Where the client stands once it has handled the message. */
  readonly cursor?: string;
}

const FINAL_TEXT = 0x81;
const SHORT = 126;
const MEDIUM = 0x1_00_00;

/**
 * Messages that go out together. Each form of their bytes is made once and shared by all receivers, so that a change costs a
 * receiver no more than the write.
 */
export class Parcel {
  /** Bytes of its messages. */
  readonly size: number;
  /** Itself, as a list that all receivers share. */
  readonly alone: readonly Parcel[] = [this];
  private frames: Buffer | undefined;
  private events: Buffer | undefined;

  /** @param position of the last change in it, or 0 where there is none */
  constructor(readonly messages: readonly Message[], readonly position = 0) {
    this.size = messages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  }

  /** As frames of a WebSocket (RFC 6455, 5.2): final, text, unmasked. */
  get webSocket(): Buffer {
    return (this.frames ??= Buffer.concat(this.messages.flatMap(({ text }) => frame(text))));
  }

  /** As events of a stream (HTML, 9.2.6); the id is the cursor. */
  get serverSent(): Buffer {
    return (this.events ??= Buffer.from(this.messages.map(({ text, cursor }) =>
      `${cursor === undefined ? '' : `id: ${cursor}\n`}data: ${text}\n\n`).join('')));
  }
}

function frame(text: string): Buffer[] {
  const payload = Buffer.from(text);
  const { length } = payload;
  if (length < SHORT) return [Buffer.from([FINAL_TEXT, length]), payload];
  const head = Buffer.allocUnsafe(length < MEDIUM ? 4 : 10);
  head[0] = FINAL_TEXT;
  if (length < MEDIUM) {
    head[1] = SHORT;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = SHORT + 1;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return [head, payload];
}
