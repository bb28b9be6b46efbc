import { randomUUID } from 'node:crypto';
import type { Aggregate, WantedEvent } from './client-log.js';
import { type Answer, change, type Intent, type Making } from './intents.js';

/**
 * An aggregate that only one client writes to, and that dies and comes back. Its client knows its version at any time,
 * so no conflict is ever right; versions go on from one life to the next.
 */
export class Mortal {
  private version = 0;
  private alive = false;

  constructor(readonly aggregate: Aggregate, private readonly making: Making) {}

  /** The next thing to do to it. */
  next(): Intent {
    const { random } = this.making;
    if (!this.alive) return random.chance(0.5) ? this.update(random.chance(0.5) ? 0 : this.version) : this.publish();
    return random.chance(0.4) ? this.delete() : this.update(this.version);
  }

  private update(expectedVersion: number): Intent {
    const wanted = { aggregate: this.aggregate, eventType: 'StateUpdated', tag: this.making.tag(), keyed: true };
    return {
      ...change('PUT', this.aggregate), body: JSON.stringify({ changes: { tag: wanted.tag }, expectedVersion }),
      settle: (answer) => this.advance(wanted, answer, answer.status === 200 && answer.body.newVersion),
    };
  }

  private publish(): Intent {
    const { type, id } = this.aggregate;
    const wanted = {
      aggregate: this.aggregate, eventType: 'LoadPublished', tag: this.making.tag(), eventId: randomUUID(),
      keyed: false,
    };
    return {
      method: 'POST', path: '/api/v1/events', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        eventId: wanted.eventId, eventType: wanted.eventType, aggregateType: type, aggregateId: id,
        eventData: { tag: wanted.tag }, expectedVersion: this.version,
      }),
      settle: (answer) => this.advance(wanted, answer, answer.status === 201 && answer.body.eventVersion),
    };
  }

  /** The answer holds no version: it is the one after the expected one. */
  private delete(): Intent {
    const expected = this.version;
    const intent = change('DELETE', this.aggregate);
    const wanted = { aggregate: this.aggregate, eventType: 'StateDeleted', keyed: true };
    return {
      ...intent, path: `${intent.path}?expectedVersion=${expected}`,
      settle: (answer) => this.advance(wanted, answer, answer.status === 204 && expected + 1),
    };
  }

  private advance(wanted: WantedEvent, answer: Answer, version: unknown): 'settled' | 'wrong' {
    if (answer.replayed && version === this.version) return 'settled'; // asked a second time on purpose
    if (version !== this.version + 1) return 'wrong';
    this.making.log.acknowledge(wanted, this.version + 1);
    this.version += 1;
    this.alive = wanted.eventType !== 'StateDeleted';
    return 'settled';
  }
}
