import { type ClientRequest, type IncomingMessage, request as ask } from 'node:http';

export interface LineTold {
  readonly index?: number;
  readonly code?: string;
  readonly done?: boolean;
  readonly eventVersion?: number;
  readonly eventId?: string;
  readonly error?: string;
  readonly accepted?: number;
  readonly position?: string;
  readonly refused?: number;
  readonly nextIndex?: number;
}

/** A streamed upload over a socket of its own, written and read by hand. */
export class Upload {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;

  constructor(url: string, token: string, headers: Readonly<Record<string, string>> = {}) {
    this.request = ask(`${url}/api/v1/events/batch`, {
      method: 'POST', agent: false,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson', ...headers },
    });
    this.response = new Promise((resolve, reject) => this.request.on('response', resolve).on('error', reject));
    this.response.catch(() => undefined); // a client that kills its upload does not wait for it
    this.request.flushHeaders();
  }

  /** Resolves when the socket has taken it. */
  write(text: string | Buffer): Promise<void> {
    return new Promise((resolve, reject) => this.request.write(text, (error) => (error ? reject(error) : resolve())));
  }

  /** Every line of the answer; throws after the last one if the answer was cut. */
  async *lines(): AsyncGenerator<LineTold> {
    const response = await this.response;
    let rest = '';
    for await (const chunk of response.setEncoding('utf8')) {
      const parts = (rest + String(chunk)).split('\n');
      rest = parts.pop()!;
      for (const part of parts) yield JSON.parse(part) as LineTold;
    }
  }

  async all(): Promise<LineTold[]> {
    const told: LineTold[] = [];
    for await (const line of this.lines()) told.push(line);
    return told;
  }
}

/** Sends all of it and reads every answer. */
export async function upload(
  url: string, token: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {},
): Promise<LineTold[]> {
  const sent = new Upload(url, token, headers);
  sent.request.end(body);
  return sent.all();
}
