import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_DATA, EVENT_TYPE } from '../lib/events.mjs';
import { expectStatus, openConnections, requestOf } from './http-connection.mjs';

/** After a refusal because of overload. In ms. */
const AGAIN_MS = 200;
const MOST_TRIES = 25;

let made = 0;

/** Writes events over HTTP: each as soon as a connection is free. */
export class LiveWriter {
  #free;
  #queue = [];
  /** Writes that the service was too busy for; they were sent again. */
  refused = 0;

  /** Connections of this use only: a server ends those that say nothing for long. @param {{ port: number, token: string, connections: number }} of */
  static async using({ port, token, connections: count }, use) {
    const connections = await openConnections(port, count);
    try {
      return await use(new LiveWriter([...connections], token));
    } finally {
      for (const connection of connections) connection.close();
    }
  }

  constructor(connections, token) {
    this.#free = connections;
    this.token = token;
  }

  /** One event for each id, in one request; resolves with its answer. @param {{ type: string, ids: string[], bytes?: number }} of `bytes`: more in each event */
  async events({ type, ids, bytes }) {
    const events = ids.map((id) => this.#event(type, id, bytes));
    const single = ids.length === 1;
    const body = single ? events[0] : `{"events":[${events.join()}]}`;
    const answer = await this.#insist(requestOf('POST', single ? '/api/v1/events' : '/api/v1/events/batch', { token: this.token, body }));
    expectStatus(answer, single ? 201 : 200);
    if (!single && JSON.parse(answer.body).accepted !== ids.length) throw new Error(`a batch was refused: ${answer.body.toString()}`);
  }

  /** Lets the bare server broadcast. */
  async broadcast({ changes }) {
    expectStatus(await this.#send(requestOf('POST', '/broadcast', { token: this.token, body: JSON.stringify({ changes }) })), 200);
  }

  #event(type, id, bytes) {
    made += 1;
    const data = JSON.stringify({ ...EVENT_DATA, n: made, ...(bytes && { more: 'z'.repeat(bytes) }) });
    return `{"eventType":"${EVENT_TYPE}","aggregateType":"${type}","aggregateId":"${id}","eventData":${data}}`;
  }

  async #insist(request) {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#send(request);
      if (answer.status !== 503 || tries === MOST_TRIES) return answer;
      this.refused += 1;
      await sleep(AGAIN_MS);
    }
  }

  async #send(request) {
    const connection = this.#free.pop() ?? await new Promise((resolve) => { this.#queue.push(resolve); });
    try {
      return await connection.send(request);
    } finally {
      const next = this.#queue.shift();
      if (next) next(connection);
      else this.#free.push(connection);
    }
  }
}
