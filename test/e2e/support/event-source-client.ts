import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Inbox, type Told } from './inbox.js';

export interface EventSourceDial {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of Server-Sent Events, by the rules of HTML, 9.2.6, as far as the service makes use of them. */
export class EventSourceClient extends Inbox {
  /** Of the last event that had one. */
  lastEventId: string | undefined;
  /** When to come back, in ms, as it was said last. */
  retryMs: number | undefined;
  /** Ids in the order of the events. */
  readonly ids: (string | undefined)[] = [];
  /** What the event `close` said, once the stream has ended. */
  readonly closed: Promise<{ code: number; reason: string } | undefined>;
  private farewell: { code: number; reason: string } | undefined;
  private unread = '';

  private constructor(readonly response: IncomingMessage) {
    super();
    response.setEncoding('utf8').on('data', (chunk: string) => this.read(chunk));
    response.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      response.once('close', () => resolve(this.farewell));
    });
  }

  /** @param query without the question mark */
  static async open(url: string, query: string, { token, headers = {} }: EventSourceDial): Promise<EventSourceClient> {
    const asked = request(`${url}/api/v1/stream?${query}`, {
      agent: false, headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    });
    asked.end();
    const [response] = await once(asked, 'response') as [IncomingMessage];
    asked.on('error', () => undefined);
    if (response.statusCode !== 200) throw new Error(`the stream was refused: ${response.statusCode}`);
    return new EventSourceClient(response);
  }

  async hangUp(): Promise<void> {
    this.response.destroy();
    await this.closed;
  }

  private read(chunk: string): void {
    const blocks = (this.unread + chunk).split('\n\n');
    this.unread = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
      }));
      const data = fields.get('data');
      if (fields.has('retry')) this.retryMs = Number(fields.get('retry'));
      if (data === undefined) continue; // a comment
      if (fields.get('event') === 'close') {
        this.farewell = JSON.parse(data) as { code: number; reason: string };
        continue;
      }
      this.ids.push(fields.get('id'));
      this.lastEventId = fields.get('id') ?? this.lastEventId;
      this.put(JSON.parse(data) as Told);
    }
  }
}
