import { Readable } from 'node:stream';
import { ServiceError } from '@app/kernel';
import { type Line, LineSplitter } from './line-splitter.js';

/** What became of one line. */
export interface LineAnswer {
  /** One line of JSON, without its end. */
  readonly text: string;
  readonly accepted: boolean;
}

/** Who answers the lines of an upload. */
export interface Answerer {
  /** Takes one line, in the order of the lines, and must not reject. */
  readonly answer: (line: Line) => Promise<LineAnswer>;
  /** Asked before each line: why no more are taken, if so. */
  readonly refusal: () => ServiceError | undefined;
  /** What the last line tells beside its counts. */
  readonly summary?: () => object;
}

export interface IngestLimits {
  readonly maxLineBytes: number;
  /** Lines under way at once; beyond it the upload is not read on. */
  readonly maxInFlight: number;
  /** Bytes of lines under way and of answers not sent; one more of either may come on top. */
  readonly maxBytesHeld: number;
  /** A client that neither sends nor reads for this long is cut, in ms. */
  readonly idleMs: number;
}

/** Enough for several groups of the append; what a slow database holds back stays bounded. */
export const INGEST_LIMITS: IngestLimits = {
  maxLineBytes: 256 * 1024, maxInFlight: 512, maxBytesHeld: 4 * 1024 * 1024, idleMs: 15_000,
};

/** A line under way: its place keeps the answers in the order of the lines. */
interface Place {
  /** What it holds: the line, and then its answer, which may be as long. */
  bytes: number;
  answer?: LineAnswer;
}

/** Beyond this the answers that are there go out in a chunk of their own. */
const CHUNK_CHARACTERS = 64 * 1024;

/**
 * The answers to the lines of an upload, in their order, sent while the upload is still coming. Not read: it stops to take
 * lines, and then the upload's socket is paused; so a client that does not read its answers cannot make it hold more than a
 * window of them. The last line says how it ended: `{"done":true,...}`, or `{"done":false,...}` with the reason.
 */
export class AnsweredLines extends Readable {
  private readonly splitter: LineSplitter;
  /** Lines that were read and not taken yet: those of one chunk, and at the end the rest. */
  private readonly backlog: Iterator<Line>[] = [];
  private readonly window: Place[] = [];
  private bytesHeld = 0;
  private unsettled = 0;
  private phase: 'reading' | 'read' | 'stopped' | 'ended' = 'reading';
  private why: ServiceError | undefined;
  private readonly count = { accepted: 0, refused: 0 };
  /** The next line that is not taken, for a client that goes on elsewhere. */
  private nextIndex = 0;
  private wanted = false;
  private flushing = false;
  private movedAt = performance.now();
  private readonly watch: NodeJS.Timeout;

  constructor(
    private readonly upload: Readable, private readonly answerer: Answerer, private readonly limits: IngestLimits = INGEST_LIMITS,
  ) {
    super({ highWaterMark: CHUNK_CHARACTERS });
    this.splitter = new LineSplitter(limits.maxLineBytes);
    this.watch = setInterval(() => this.checkIdle(), Math.min(1000, limits.idleMs / 4)).unref();
    upload.on('data', this.onData).once('end', this.onEnd).once('close', this.onClose);
  }

  /** Takes no more lines; those that were taken are answered, and the last line tells why. */
  stop(why: ServiceError): void {
    if (this.phase === 'stopped' || this.phase === 'ended') return;
    this.why = why;
    this.phase = 'stopped';
    this.letGo();
    // What still comes is thrown away: unread bytes would reset the connection and take the last answers with it.
    this.upload.resume();
    this.scheduleFlush();
  }

  override _read(): void {
    this.wanted = true;
    this.movedAt = performance.now();
    this.scheduleFlush();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.phase = 'ended';
    this.letGo();
    done(error);
  }

  private letGo(): void {
    clearInterval(this.watch);
    this.backlog.length = 0;
    this.upload.off('data', this.onData).off('end', this.onEnd).off('close', this.onClose);
  }

  private readonly onData = (chunk: Buffer): void => {
    this.movedAt = performance.now();
    this.backlog.push(this.splitter.split(chunk));
    this.pump();
  };

  private readonly onEnd = (): void => {
    this.phase = 'read';
    this.backlog.push(this.splitter.rest());
    this.pump();
    this.scheduleFlush();
  };

  /** The client left before the end of its upload. What is under way goes on without it. */
  private readonly onClose = (): void => {
    if (this.phase === 'reading') this.destroy();
  };

  /** Takes lines while there is room, and lets the socket wait while there is none. */
  private pump(): void {
    while (this.backlog.length > 0 && this.hasRoom()) {
      const next = this.backlog[0]!.next();
      if (next.done) this.backlog.shift();
      else this.admit(next.value);
    }
    if (this.phase !== 'reading') return;
    if (this.backlog.length > 0) this.upload.pause();
    else if (this.upload.isPaused()) this.upload.resume();
  }

  private hasRoom(): boolean {
    return this.window.length < this.limits.maxInFlight && this.bytesHeld < this.limits.maxBytesHeld;
  }

  private admit(line: Line): void {
    const refusal = this.answerer.refusal();
    if (refusal) return this.stop(refusal);
    const place: Place = { bytes: line.bytes?.length ?? 0 };
    this.window.push(place);
    this.nextIndex = line.number + 1;
    this.bytesHeld += place.bytes;
    this.unsettled += 1;
    this.answerer.answer(line).then((answer) => {
      place.answer = answer;
      this.bytesHeld += answer.text.length - place.bytes;
      place.bytes = answer.text.length;
      this.unsettled -= 1;
      this.movedAt = performance.now();
      this.count[answer.accepted ? 'accepted' : 'refused'] += 1;
      this.scheduleFlush();
    }, (error: Error) => this.destroy(error));
  }

  /** The answers of one group come in one turn of the event loop, and leave in one chunk. */
  private scheduleFlush(): void {
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    while (this.wanted && this.phase !== 'ended' && this.window[0]?.answer) this.wanted = this.push(this.ready());
    if (this.phase === 'ended') return;
    this.pump();
    const isOver = this.phase !== 'reading' && this.backlog.length === 0 && this.window.length === 0;
    if (!isOver || !this.wanted) return;
    this.push(`${this.lastLine()}\n`);
    this.push(null);
    this.phase = 'ended';
    this.letGo();
  }

  private ready(): string {
    let taken = 0;
    let text = '';
    for (let place = this.window[0]; place?.answer && text.length < CHUNK_CHARACTERS; place = this.window[++taken]) {
      text += `${place.answer.text}\n`;
      this.bytesHeld -= place.bytes;
    }
    this.window.splice(0, taken);
    return text;
  }

  private lastLine(): string {
    const { why, nextIndex } = this;
    const told = { ...this.count, ...this.answerer.summary?.() };
    if (!why) return JSON.stringify({ done: true, ...told });
    return JSON.stringify({ done: false, ...told, nextIndex, error: why.error, code: String(why.status), message: why.message });
  }

  /** A client is idle only while nothing waits for the database. */
  private checkIdle(): void {
    if (this.unsettled > 0 || performance.now() - this.movedAt < this.limits.idleMs) return;
    const reads = this.wanted && this.window.length === 0;
    if (reads) this.stop(new ServiceError('REQUEST_TIMEOUT', `nothing came for ${this.limits.idleMs / 1000} s`));
    else this.destroy();
  }
}
