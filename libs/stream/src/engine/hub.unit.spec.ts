import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { decodePosition, type StoredEvent } from '@app/kernel';
import { eventually } from '@app/testing';
import type { StateText, StreamPorts } from '../ports.js';
import type { Subscribe } from '../protocol/requests.js';
import { STATES_AT_ONCE } from './latest-states.js';
import type { Parcel } from './message.js';
import { MAX_QUEUED_BYTES, type Session } from './session.js';
import { Streams } from './streams.js';
import type { Wire } from './wire.js';

const EPOCH = randomUUID();
const ID = randomUUID();
const CHANNEL = `player/${ID}`;

interface Told {
  readonly messageType: string;
  readonly channel?: string;
  readonly cursor?: string;
  readonly version?: number;
  readonly aggregateId?: string;
  readonly aggregateType?: string;
  readonly eventType?: string;
  readonly state?: { version: number };
}

/** What keeps the answers of a log back until it is opened. */
interface Gate {
  open(): void;
  /** What is asked: a state by the aggregate's id, or the past. */
  readonly before: string;
  /** Whether the answer was true when it was asked for, or is when it is given. */
  readonly answer: 'then' | 'now';
  readonly opened: Promise<void>;
}

/** A log that grows on demand, and the states of its aggregates. */
class Log extends EventEmitter {
  readonly events: StoredEvent[] = [];
  /** What was asked of it, by the aggregate's id or `the past`. */
  readonly asked: string[] = [];
  say = (line: string): void => {
    throw new Error(line);
  };
  private readonly gates: Gate[] = [];

  shut(before: string, answer: Gate['answer'] = 'now'): Gate {
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const gate = { before, answer, opened, open };
    this.gates.push(gate);
    return gate;
  }

  private async answer<T>(asked: string, read: () => T): Promise<T> {
    this.asked.push(asked);
    const early = read();
    const gate = this.gates.find(({ before }) => before === asked);
    await gate?.opened;
    return gate?.answer === 'then' ? early : read();
  }

  append(...drafts: { id?: string; type?: string; eventType?: string; text?: string }[]): void {
    for (const { id = ID, type = 'player', eventType = 'Noted', text = '' } of drafts) {
      const ref = { type, id } as StoredEvent['ref'];
      this.events.push({
        ref, eventId: randomUUID(), type: eventType, partition: 0, position: this.events.length + 1,
        version: this.of(type, id).length + 1, ops: [['set', '/text', 'lww', text]], context: { actor: 'spec', serverId: 'eu' },
        committedAt: new Date(),
      } as unknown as StoredEvent);
    }
    this.emit('grown');
  }

  of(type: string, id: string): StoredEvent[] {
    return this.events.filter(({ ref }) => ref.type === type && ref.id === id);
  }

  stateOf(type: string, id: string, version = this.of(type, id).length): StateText {
    const position = this.of(type, id)[version - 1]?.position ?? 0;
    return { version, position, text: version === 0 ? null : JSON.stringify({ version }) };
  }

  ports(): StreamPorts {
    return {
      operations: { read: () => Promise.reject(new Error('this log has no operations')) },
      log: {
        head: async () => ({ epoch: EPOCH, position: this.events.length }),
        tail: (after, signal) => this.tail(after, signal),
        missed: ({ id }, after) => this.answer('the past', () => ({
          events: this.events.filter((event) => event.position > after && (id === undefined || event.ref.id === id)),
          upTo: this.events.length, head: this.events.length,
        })),
        epoch: () => EPOCH,
      },
      states: {
        current: (type, id) => this.answer(id, () => this.stateOf(type, id)),
        at: async (type, id, version) => this.stateOf(type, id, version),
      },
      isServing: () => true, version: 'spec', errorBody: () => ({}), say: (_level, line) => this.say(line),
    };
  }

  private async *tail(after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    for (let at = after; !signal.aborted;) {
      const fresh = this.events.slice(at);
      at = this.events.length;
      if (fresh.length > 0) yield fresh;
      else await once(this, 'grown', { signal }).catch(() => undefined);
    }
  }
}

/** A client that takes what is sent, or nothing until it reads again. */
class Client implements Wire {
  readonly told: Told[] = [];
  reads = true;
  closed: { readonly code: number; readonly reason: string } | undefined;
  private resume: (() => void) | undefined;

  write(parcels: readonly Parcel[]): boolean {
    for (const { messages } of parcels) this.told.push(...messages.map(({ text }) => JSON.parse(text) as Told));
    return this.reads;
  }

  drained(then: () => void): void {
    this.resume = then;
  }

  readAgain(): void {
    this.reads = true;
    this.resume?.();
  }

  ping(): void {}
  pong(): boolean {
    return this.reads;
  }
  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  destroy(): void {}
}

const turn = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('the hub and its sessions', () => {
  let log: Log;
  let streams: Streams;
  let client: Client;
  let session: Session;
  const sessions: Session[] = [];
  const subscribe = (channel: string, more: Partial<Subscribe> = {}): Promise<void> =>
    streams.subscribe(session, { action: 'subscribe', channel, ...more });
  const open = (principal: object = {}): void => {
    streams.closed(session, 1000);
    enter(principal);
  };
  const enter = (principal: object = {}): void => {
    client = new Client();
    session = streams.open({ principal: { subject: 'spec', roles: ['service'], ...principal }, isAdmitted: () => true }, client);
    sessions.push(session);
  };
  const kinds = (): string[] => client.told.map(({ messageType }) => messageType);
  const positionOf = ({ cursor }: Told): number => decodePosition(cursor!)!.position;
  const cursorAt = (position: number): string => streams.hub.cursor(position);
  const states = (): Told[] => client.told.filter(({ messageType }) => messageType === 'STATE_CHANGED');

  beforeEach(async () => {
    log = new Log();
    log.append({});
    streams = new Streams(log.ports());
    await streams.hub.start();
    enter();
  });
  afterEach(async () => {
    for (const each of sessions.splice(0)) streams.closed(each, 1000);
    await streams.close();
  });

  it('gives the state at the cursor, though the aggregate changes while it is read', async () => {
    const gate = log.shut(ID);
    const done = subscribe(CHANNEL, { from: cursorAt(1), snapshot: true });
    await turn();
    log.append({});
    gate.open();
    await done;
    await turn();
    expect(kinds().toSorted()).toEqual(['LIVE', 'SNAPSHOT', 'STATE_CHANGED', 'SUBSCRIBED']);
    expect(client.told[1]).toMatchObject({ messageType: 'SNAPSHOT', state: { version: 1 } });
    expect(states()).toMatchObject([{ version: 2 }]);
  });

  it('resumes where the queue was cut, also before what was missed and not written when LIVE was said', async () => {
    client.reads = false;
    await subscribe('world/*');
    await turn(); // blocked from here on
    const gate = log.shut(ID, 'then');
    const done = subscribe(CHANNEL, { snapshot: true });
    await turn();
    log.append({ text: 'a' });
    await turn();
    gate.open();
    await done; // SUBSCRIBED at 1, the change at 2 and LIVE wait
    log.append(...Array.from({ length: 20 }, () => ({ text: 'x'.repeat(10_000) })));
    await turn();
    client.readAgain();
    await turn();
    expect(states()).toEqual([]);
    expect(positionOf(client.told.at(-1)!)).toBe(1);
    expect(client.told.at(-1)).toMatchObject({ messageType: 'RESYNC_REQUIRED', channel: CHANNEL });
  });

  it('does not bring back a subscription that what it missed made too long', async () => {
    client.reads = false;
    await subscribe('world/*');
    await turn();
    const gate = log.shut(ID, 'then');
    const done = subscribe(CHANNEL, { snapshot: true });
    await turn();
    log.append({ type: 'world', id: randomUUID(), text: 'x'.repeat(100_000) });
    log.append(...Array.from({ length: 10 }, () => ({ text: 'x'.repeat(10_000) })));
    await turn();
    gate.open();
    await done;
    expect(streams.hub.members(CHANNEL) === undefined).toBe(true);
    client.readAgain();
    await turn();
    expect(client.told.at(-1)).toMatchObject({ messageType: 'RESYNC_REQUIRED', channel: CHANNEL });
    log.append({});
    await turn();
    expect(states()).toEqual([]);
  });

  it('never cuts SUBSCRIBED away: a client that waits for it would not know what RESYNC_REQUIRED ends', async () => {
    await subscribe('world/*');
    await turn();
    client.reads = false;
    log.append({ type: 'world', id: randomUUID() });
    await turn(); // blocked from here on
    await subscribe(CHANNEL, { id: 7 });
    log.append(...Array.from({ length: 20 }, () => ({ text: 'x'.repeat(10_000) })));
    await turn();
    client.readAgain();
    await turn();
    const told = client.told.filter(({ channel }) => channel === CHANNEL);
    expect(told.map(({ messageType }) => messageType)).toEqual(['SUBSCRIBED', 'RESYNC_REQUIRED']);
    expect(told[1]!.cursor).toBe(told[0]!.cursor);
  });

  it('latest: the states of what was missed come before LIVE', async () => {
    log.append({});
    await turn();
    const gate = log.shut(ID);
    const done = subscribe(CHANNEL, { from: cursorAt(1), delivery: 'latest' });
    await turn();
    expect(kinds()).toEqual(['SUBSCRIBED']);
    gate.open();
    await done;
    await turn();
    expect(kinds()).toEqual(['SUBSCRIBED', 'STATE_CHANGED', 'LIVE']);
  });

  it('latest: cursors only grow, though what is new is loaded faster than what was missed', async () => {
    const [guild, other] = [randomUUID(), randomUUID()];
    const [busy, slow] = [log.shut(guild), log.shut(other)];
    await subscribe('guild/*', { delivery: 'latest' });
    log.append({ type: 'guild', id: guild }, { id: other });
    await turn();
    const done = subscribe('player/*', { from: cursorAt(1), delivery: 'latest' });
    log.append({});
    await turn();
    busy.open();
    await turn();
    slow.open();
    await done;
    await turn();
    const told = client.told.filter(({ channel }) => channel === 'player/*');
    expect(told.map(({ messageType, aggregateId }) => [messageType, aggregateId])).toEqual([
      ['SUBSCRIBED', undefined], ['STATE_CHANGED', other], ['STATE_CHANGED', ID], ['LIVE', undefined],
    ]);
    expect(told.map(positionOf)).toEqual([1, 3, 4, 4]);
  });

  it('latest: what is new waits for the last of what was missed, though that was asked for by one who has just joined', async () => {
    const other = randomUUID();
    const missed = log.shut('the past', 'then'); // the hub reads further while the page comes from the log
    const slow = log.shut(other);
    const done = subscribe('player/*', { from: cursorAt(0), delivery: 'latest' });
    await turn();
    log.append({ id: other });
    await turn();
    missed.open();
    await done; // it has joined, and waits for the other's state
    log.append({});
    await turn();
    expect(states().map(({ aggregateId }) => aggregateId)).toEqual([ID]);
    slow.open();
    await turn();
    expect(client.told.map(({ messageType, aggregateId }) => [messageType, aggregateId])).toEqual([
      ['SUBSCRIBED', undefined], ['STATE_CHANGED', ID], ['STATE_CHANGED', other], ['LIVE', undefined], ['STATE_CHANGED', ID],
    ]);
    expect(client.told.map(positionOf)).toEqual([0, 1, 2, 2, 3]);
  });

  it('latest: one who missed much holds up nobody, and has no more than a few states loaded at once', async () => {
    const [world, missed] = [randomUUID(), Array.from({ length: 500 }, () => randomUUID())];
    log.append(...missed.map((id) => ({ id })));
    await turn();
    const gates = missed.map((id) => log.shut(id));
    await subscribe('world/*', { delivery: 'latest' });
    const bystander = client;
    enter();
    const done = subscribe('player/*', { from: cursorAt(1), delivery: 'latest' });
    await turn();
    expect([log.asked.filter((asked) => asked !== world && asked !== ID).length, kinds()]).toEqual([STATES_AT_ONCE, ['SUBSCRIBED']]);
    log.append({ type: 'world', id: world });
    await turn();
    expect(bystander.told.at(-1)).toMatchObject({ messageType: 'STATE_CHANGED', aggregateId: world });
    for (const gate of gates) gate.open();
    await done;
    await turn();
    expect(states().map(({ aggregateId }) => aggregateId)).toEqual(missed);
    expect(kinds().at(-1)).toBe('LIVE');
  });

  it.each(['lossless', 'latest'] as const)('%s: what one who does not read missed is not held for it, and comes when it reads again', async (delivery) => {
    const missed = Array.from({ length: 200 }, () => randomUUID());
    log.append(...missed.map((id) => ({ id, text: 'x'.repeat(20_000) })));
    const stateOf = log.stateOf.bind(log);
    log.stateOf = (type, id) => ({ ...stateOf(type, id), text: JSON.stringify({ version: 1, big: 'x'.repeat(20_000) }) });
    await turn();
    client.reads = false;
    const done = subscribe('player/*', { from: cursorAt(1), delivery });
    await turn();
    await turn();
    expect(states().length).toBeLessThan(8);
    expect(streams.hub.figures.queuedBytes).toBeLessThan(MAX_QUEUED_BYTES);
    log.append({}); // goes to nobody yet
    client.readAgain();
    await done;
    await turn();
    expect(states().map(({ aggregateId }) => aggregateId)).toEqual([...missed, ID]);
    expect(kinds().at(-1)).toBe('LIVE');
  });

  it('reads the past for a few at a time', async () => {
    const gate = log.shut('the past');
    const many = Array.from({ length: 20 }, () => {
      enter();
      return subscribe(CHANNEL, { from: cursorAt(0) });
    });
    await turn();
    expect(log.asked).toEqual(Array.from({ length: 8 }, () => 'the past'));
    gate.open();
    await Promise.all(many);
    expect(log.asked).toHaveLength(20);
    await turn();
    expect(kinds()).toEqual(['SUBSCRIBED', 'STATE_CHANGED', 'LIVE']);
  });

  it('latest: a change that fits the filter is told, though one that does not came right after it', async () => {
    const other = randomUUID();
    await subscribe('player/*', { delivery: 'latest', filter: { eventTypes: ['Wanted'] } });
    await turn();
    log.append({ eventType: 'Wanted' }, { id: other, eventType: 'Wanted' }, { eventType: 'Other' }, { id: randomUUID(), eventType: 'Other' });
    await turn();
    expect(states().map(({ aggregateId, version }) => [aggregateId, version])).toEqual([[ID, 3], [other, 1]]);
    expect(states().map(positionOf)).toEqual([2, 3]);
  });

  it('latest: what was missed at the last step goes through the filter and the limits of the token as well', async () => {
    open({ aggregateTypes: ['player'] });
    // The hub reads further while the page comes from the log.
    const gate = log.shut('the past', 'then');
    const done = subscribe('server/eu', { from: cursorAt(0), delivery: 'latest', filter: { eventTypes: ['Wanted'] } });
    await turn();
    log.append({ type: 'world', eventType: 'Wanted' }, { id: randomUUID(), eventType: 'Other' }, { eventType: 'Wanted' });
    await turn();
    gate.open();
    await done;
    await turn();
    expect(states().map(({ aggregateType, eventType }) => [aggregateType, eventType])).toEqual([['player', 'Wanted']]);
  });

  it('latest: no state of a subscription that was ended while it waited', async () => {
    await subscribe(CHANNEL, { delivery: 'latest' });
    client.reads = false;
    await subscribe('world/*');
    await turn();
    log.append({});
    await turn();
    streams.receive(session, Buffer.from(JSON.stringify({ action: 'unsubscribe', channel: CHANNEL })));
    client.readAgain();
    await turn();
    expect(client.told.at(-1)).toMatchObject({ messageType: 'UNSUBSCRIBED' });
  });

  it('latest: what waits of many aggregates is counted and bounded too, and cut to the place of what was written last', async () => {
    const big = 'x'.repeat(50_000);
    const stateOf = log.stateOf.bind(log);
    log.stateOf = (type, id) => ({ ...stateOf(type, id), text: JSON.stringify({ version: 1, big }) });
    await subscribe('player/*', { delivery: 'latest' });
    await turn();
    client.reads = false;
    log.append({ id: randomUUID() });
    await turn(); // blocked from here on
    const waits: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      log.append({ id: randomUUID() });
      await turn();
      waits.push(Math.floor(streams.hub.figures.queuedBytes / big.length));
    }
    expect(waits).toEqual([1, 2, 0, 0, 0]);
    client.readAgain();
    await turn();
    expect([streams.hub.figures.queuedBytes, states().map(positionOf)]).toEqual([0, [2]]);
    expect(client.told.at(-1)).toMatchObject({ messageType: 'RESYNC_REQUIRED', channel: 'player/*', cursor: cursorAt(2) });
  });

  it('takes nothing of a subscription for that of one which ended before on the same channel', async () => {
    client.reads = false;
    await subscribe(CHANNEL);
    await turn(); // blocked from here on
    log.append({});
    await turn();
    streams.receive(session, Buffer.from(JSON.stringify({ action: 'unsubscribe', channel: CHANNEL })));
    const gate = log.shut(ID);
    const done = subscribe(CHANNEL, { snapshot: true });
    await subscribe('world/*');
    log.append({ type: 'world', id: randomUUID(), text: 'x'.repeat(200_000) });
    await turn(); // all that waits is cut
    gate.open();
    await done;
    client.readAgain();
    await turn();
    log.append({ text: 'new' });
    await turn();
    const told = client.told.filter(({ channel }) => channel === CHANNEL).map(({ messageType }) => messageType);
    expect(told).toEqual(['SUBSCRIBED', 'LIVE', 'UNSUBSCRIBED', 'SUBSCRIBED', 'SNAPSHOT', 'LIVE', 'STATE_CHANGED']);
  });

  it('latest: one large state waits, and newer ones take its place', async () => {
    const stateOf = log.stateOf.bind(log);
    log.stateOf = (type, id) => ({ ...stateOf(type, id), text: JSON.stringify({ version: stateOf(type, id).version, big: 'x'.repeat(200_000) }) });
    await subscribe(CHANNEL, { delivery: 'latest' });
    await turn();
    client.reads = false;
    for (let i = 0; i < 4; i += 1) {
      log.append({});
      await turn();
    }
    expect(Math.floor(streams.hub.figures.queuedBytes / 200_000)).toBe(1);
    client.readAgain();
    await turn();
    expect(states().map(({ version }) => version)).toEqual([2, 5]);
    expect(kinds()).not.toContain('RESYNC_REQUIRED');
  });

  it('latest: no state that is older than the change it is told for', async () => {
    await subscribe(CHANNEL, { delivery: 'latest' });
    const stateOf = log.stateOf.bind(log);
    let early = 2;
    log.stateOf = (type, id) => ((early -= 1) >= 0 ? stateOf(type, id, 1) : stateOf(type, id));
    log.append({});
    await eventually(() => expect(states()).toMatchObject([{ version: 2, state: { version: 2 } }]));
  });

  it('tells who hears nothing on a wide channel where the log is, so that it stays within reach', async () => {
    const [busy, quiet] = [randomUUID(), randomUUID()];
    const slow = log.shut(busy);
    await subscribe('guild/*');
    await subscribe('player/*', { filter: { eventTypes: ['Rare'] } });
    await subscribe('world/*', { delivery: 'latest' });
    await subscribe('combat/*', { delivery: 'latest' });
    await subscribe(`guild/${quiet}`);
    await turn();
    const before = client.told.length;
    log.append(...Array.from({ length: 9_998 }, () => ({})), { type: 'combat', id: busy }, {});
    await turn();
    const told = (): [string, string | undefined, number][] => client.told.slice(before).map((each) => [each.messageType, each.channel, positionOf(each)]);
    const first = [['CURSOR', 'guild/*', 10_001], ['CURSOR', 'player/*', 10_001], ['CURSOR', 'world/*', 10_001]];
    expect(told()).toEqual(first);
    slow.open(); // no cursor passes over a state that was not sent
    await turn();
    expect(told()).toEqual([...first, ['STATE_CHANGED', 'combat/*', 10_000], ['CURSOR', 'combat/*', 10_001]]);
    log.append({});
    await turn();
    expect(client.told).toHaveLength(before + 5);
  });

  it('spreads the return of its clients when it has to begin anew', async () => {
    const clients = Array.from({ length: 20 }, () => {
      enter();
      return client;
    });
    const said: string[] = [];
    log.say = (line) => said.push(line);
    streams.hub.broke(new Error('the log has a hole'));
    expect(said).toEqual([expect.stringContaining('the log has a hole')]);
    const waits = clients.map(({ closed }) => {
      expect(closed).toMatchObject({ code: 1012 });
      return (JSON.parse(closed!.reason) as { retryAfterMs: number }).retryAfterMs;
    });
    expect(new Set(waits).size).toBeGreaterThan(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
  });
});
