import { CLOSE } from '../protocol/close-codes.js';
import { StreamFigures } from './figures.js';
import { Flusher } from './flusher.js';
import { Parcel } from './message.js';
import { Outbox } from './outbox.js';
import { MAX_QUEUED_BYTES, Session } from './session.js';
import { Subscription } from './subscription.js';
import type { Wire } from './wire.js';

const parcel = (text: string, position = 0): Parcel => new Parcel([{ text }], position);
const textsOf = (parcels: readonly Parcel[]): string[] => parcels.flatMap(({ messages }) => messages.map(({ text }) => text));

describe('what waits for a client', () => {
  it('keeps its order, whether it is nothing, one parcel or more', () => {
    const outbox = new Outbox();
    expect([outbox.isEmpty, textsOf(outbox.parcels())]).toEqual([true, []]);
    for (const [text, all] of [['a', ['a']], ['b', ['a', 'b']], ['c', ['a', 'b', 'c']]] as const) {
      outbox.add(parcel(text), undefined);
      expect([outbox.isEmpty, textsOf(outbox.parcels())]).toEqual([false, all]);
    }
    outbox.clear();
    expect([outbox.isEmpty, textsOf(outbox.parcels())]).toEqual([true, []]);
  });

  it('shares the list of one parcel among all who get it', () => {
    const [one, other, shared] = [new Outbox(), new Outbox(), parcel('a')];
    for (const outbox of [one, other]) outbox.add(shared, undefined);
    expect(one.parcels()).toBe(other.parcels());
  });
});

describe('a session that is slow', () => {
  const written: string[] = [];
  const closed: number[] = [];
  const figures = new StreamFigures();
  let drain = (): void => undefined;
  const wire: Wire = {
    write: (parcels) => written.push(...textsOf(parcels)) === 0,
    drained: (then) => { drain = then; },
    ping: () => undefined, pong: () => written.push('an answer to a ping') === 0, close: (code) => { closed.push(code); }, destroy: () => undefined,
  };
  const host = {
    flusher: new Flusher(), figures, leave: () => undefined,
    resync: ({ sent }: Subscription) => ({ text: `resync after ${sent}` }),
  };

  it('gets what waits in order once it reads; past the limit its changes go, and answers stay', () => {
    const session = new Session({} as never, wire, host, () => true);
    const subscription = new Subscription(session, { name: 'world/*' }, { latest: false, presence: false });
    session.subscriptions.set('world/*', subscription);
    session.push(parcel('first', 1), subscription);
    session.flush(); // the wire says that it is full
    session.push(parcel('second', 2), subscription);
    session.push(parcel('third', 3), subscription);
    drain();
    expect([written.splice(0), subscription.sent]).toEqual([['first', 'second', 'third'], 3]);
    session.push(parcel('fourth', 4), subscription);
    session.say({ text: 'pong' });
    session.push(parcel('x'.repeat(MAX_QUEUED_BYTES), 5), subscription);
    expect([session.subscriptions.size, figures.resyncs]).toEqual([0, 1]);
    expect(figures.queuedBytes).toBe('pong'.length + 'resync after 3'.length);
    drain();
    expect([written.splice(0), figures.queuedBytes]).toEqual([['pong', 'resync after 3'], 0]);
    session.close(CLOSE.restart, '');
    expect(closed).toEqual([CLOSE.restart]);
  });

  it('gets no second answer to its pings before it has read the first, and is stuck if it never does', () => {
    const session = new Session({} as never, wire, host, () => true);
    for (let i = 0; i < 3; i += 1) session.pong(Buffer.from('x'));
    expect(written.splice(0)).toEqual(['an answer to a ping']);
    expect([session.isStuck(performance.now()), session.isStuck(performance.now() + 60_000)]).toEqual([false, true]);
    drain();
    session.pong(Buffer.from('x'));
    expect(written.splice(0)).toEqual(['an answer to a ping']);
  });
});
