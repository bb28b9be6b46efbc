import type { Principal } from '@app/auth';
import { ServiceError } from '@app/kernel';
import { authorizeChannel } from '../protocol/access.js';
import { CLOSE } from '../protocol/close-codes.js';
import { type Channel, parseChannel } from '../protocol/channel.js';
import { messages } from '../protocol/messages.js';
import { readRequest, type Request, type RequestId, type Subscribe } from '../protocol/requests.js';
import type { StreamPorts } from '../ports.js';
import { CatchUp } from './catch-up.js';
import { Hub } from './hub.js';
import { Session } from './session.js';
import { Subscription, type Wish } from './subscription.js';
import type { Wire } from './wire.js';

export interface StreamLimits {
  /** Open connections of one subject. */
  readonly sessionsPerSubject: number;
  readonly subscriptionsPerSession: number;
  /** Messages of one client in a second, after a burst of ten times as many. */
  readonly messagesPerSecond: number;
}

export const STREAM_LIMITS: StreamLimits = { sessionsPerSubject: 1_000, subscriptionsPerSession: 1_000, messagesPerSecond: 100 };

const BURST = 10;
const SWEEP_MS = 1_000;
const PING_EVERY_MS = 25_000;
/** Who was not heard of for this long, though asked twice, is gone. */
const SILENCE_MS = 60_000;
const FAREWELL_MS = 2_000;

/** Who connects, as the door let them in. */
export interface Admitted {
  readonly principal: Principal;
  /** Whether the token has neither expired nor been revoked. */
  readonly isAdmitted: () => boolean;
}

/** All sessions of this instance, and what their clients ask. */
export class Streams {
  readonly hub: Hub;
  private readonly catchUp: CatchUp;
  private readonly subjects = new Map<string, number>();
  private readonly sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  private lastPingMs = performance.now();

  constructor(private readonly ports: StreamPorts, private readonly limits: StreamLimits = STREAM_LIMITS) {
    this.hub = new Hub(ports);
    this.catchUp = new CatchUp(this.hub, ports);
  }

  /** @throws ServiceError RATE_LIMITED, SERVICE_UNAVAILABLE: refuse the connection with it */
  assertRoom({ subject }: Principal): void {
    if (!this.ports.isServing()) throw new ServiceError('SERVICE_UNAVAILABLE', 'the service is stopping', undefined, 1);
    if ((this.subjects.get(subject) ?? 0) < this.limits.sessionsPerSubject) return;
    throw new ServiceError('RATE_LIMITED', `this subject has ${this.limits.sessionsPerSubject} connections open`, undefined, 5);
  }

  open({ principal, isAdmitted }: Admitted, wire: Wire): Session {
    const { subject } = principal;
    this.subjects.set(subject, (this.subjects.get(subject) ?? 0) + 1);
    const session = new Session(principal, wire, this.hub, isAdmitted);
    this.hub.sessions.add(session);
    this.hub.figures.connections += 1;
    return session;
  }

  /** The connection is over, from whichever side. */
  closed(session: Session, code: number): void {
    session.end(code);
    if (!this.hub.sessions.delete(session)) return;
    this.hub.figures.connections -= 1;
    const { subject } = session.principal;
    const left = this.subjects.get(subject)! - 1;
    if (left === 0) this.subjects.delete(subject);
    else this.subjects.set(subject, left);
  }

  /** A message of a client. Whatever is wrong with it is answered, or ends the session. */
  receive(session: Session, bytes: Buffer): void {
    if (!this.admits(session)) return;
    const reading = readRequest(bytes);
    if ('refusal' in reading) session.say(messages.refusal(reading.refusal, reading.id));
    else this.answer(session, reading.request);
  }

  /** A ping of a client, which counts like a message. */
  pinged(session: Session, data: Buffer): void {
    if (this.admits(session)) session.pong(data);
  }

  /** Begins a subscription; what goes wrong is told on the session. */
  async subscribe(session: Session, wanted: Subscribe): Promise<void> {
    let subscription: Subscription | undefined;
    try {
      subscription = this.admit(session, wanted);
      if (subscription.channel.operationId === undefined) await this.catchUp.run(subscription, wanted);
      else await this.hub.operations.begin(subscription, wanted.id);
    } catch (error) {
      // What the client gave up meanwhile is not its business any more, and its place may be taken.
      if (subscription?.ended) return;
      if (subscription) {
        session.subscriptions.delete(subscription.channel.name);
        this.hub.leave(subscription);
      }
      const refusal = this.refusalOf(error);
      session.say(messages.refusal(refusal, wanted.id, wanted.channel));
      this.ports.refused?.({ refusal, subject: session.principal.subject, channel: wanted.channel });
    }
  }

  /** Ends all sessions with a hint when to come back, and stops. Who does not answer within two seconds is cut off. */
  async close(): Promise<void> {
    clearInterval(this.sweeper);
    const { sessions } = this.hub;
    this.hub.restart();
    for (const end = performance.now() + FAREWELL_MS; sessions.size > 0 && performance.now() < end;) await pause(20);
    for (const session of [...sessions]) session.destroy(CLOSE.restart);
    await this.hub.close();
  }

  private answer(session: Session, request: Request): void {
    switch (request.action) {
      case 'ping':
        return session.say(messages.pong(request.id));
      case 'subscribe':
        return void this.subscribe(session, request);
      case 'unsubscribe':
        return this.unsubscribe(session, request.channel, request.id);
    }
  }

  private unsubscribe(session: Session, name: string, id: RequestId | undefined): void {
    const channel = parseChannel(name)?.name ?? name;
    const subscription = session.subscriptions.get(channel);
    if (subscription) this.hub.leave(subscription);
    session.subscriptions.delete(channel);
    session.say(messages.unsubscribed(id, channel));
  }

  /** @throws ServiceError */
  private admit(session: Session, wanted: Subscribe): Subscription {
    const channel = authorizeChannel(session.principal, wanted.channel);
    const wish = wishOf(session.principal, channel, wanted);
    const { subscriptions } = session;
    if (subscriptions.has(channel.name)) throw new ServiceError('VALIDATION_ERROR', `already subscribed to ${channel.name}`);
    if (subscriptions.size >= this.limits.subscriptionsPerSession) {
      throw new ServiceError('RATE_LIMITED', `a connection has at most ${this.limits.subscriptionsPerSession} subscriptions`);
    }
    const subscription = new Subscription(session, channel, wish);
    subscriptions.set(channel.name, subscription);
    this.hub.figures.subscriptions += 1;
    return subscription;
  }

  private refusalOf(error: unknown): ServiceError {
    if (error instanceof ServiceError) return error;
    this.ports.say('error', `a subscription failed: ${error instanceof Error ? error.stack : String(error)}`);
    return new ServiceError('INTERNAL_ERROR', 'the subscription failed');
  }

  /** Whether the client may say one thing more; the session ends if not. */
  private admits(session: Session): boolean {
    if (!session.isOpen) return false;
    const { messagesPerSecond } = this.limits;
    const { allowance } = session;
    const now = performance.now();
    session.heardAtMs = now;
    const gained = (now - allowance.atMs) / 1000 * messagesPerSecond;
    allowance.left = Math.min(messagesPerSecond * BURST, allowance.left + gained) - 1;
    allowance.atMs = now;
    if (allowance.left < 0) session.close(CLOSE.tooMany, 'too many messages');
    return session.isOpen;
  }

  /** Who has had the time to hear that it is closed. */
  private seeOff(session: Session, now: number): void {
    if (now - session.heardAtMs > FAREWELL_MS) session.destroy(CLOSE.tooSlow);
  }

  /** Ends those whose token has, who do not read, and who are gone without a word. */
  private sweep(): void {
    const now = performance.now();
    const isPing = now - this.lastPingMs > PING_EVERY_MS;
    if (isPing) this.lastPingMs = now;
    for (const session of this.hub.sessions) {
      if (!session.isOpen) this.seeOff(session, now);
      else if (!session.isAdmitted()) session.close(CLOSE.token, 'the token has expired or was revoked');
      else if (session.isStuck(now)) session.close(CLOSE.tooSlow, 'nothing is read');
      else if (now - session.heardAtMs > SILENCE_MS) session.close(CLOSE.tooSlow, 'nothing is heard');
      else if (session.isForOne && session.subscriptions.size === 0) session.close(CLOSE.tooSlow, 'resume from the last cursor');
      else if (isPing) session.ping();
    }
  }
}

/** @throws ServiceError VALIDATION_ERROR */
function wishOf(principal: Principal, { type, id, operationId }: Channel, { filter, delivery, snapshot, presence = false }: Subscribe): Wish {
  if (presence && type !== 'world' && type !== 'combat') {
    throw new ServiceError('VALIDATION_ERROR', 'only channels of worlds and combats have presence', { field: 'presence' });
  }
  if (filter && operationId !== undefined) throw new ServiceError('VALIDATION_ERROR', 'an operation has no filter', { field: 'filter' });
  if (snapshot && id === undefined) {
    throw new ServiceError('VALIDATION_ERROR', 'only a channel of one aggregate begins with a snapshot', { field: 'snapshot' });
  }
  const types = type === undefined ? principal.aggregateTypes : undefined;
  return { latest: delivery === 'latest', presence, ...(filter && { filter }), ...(types && { types }) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
