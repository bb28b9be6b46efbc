import { randomUUID } from 'node:crypto';
import type { Command } from '@app/event-store';
import { ServiceError } from '@app/kernel';
import { add, on, onAll, refusal, remove, set, someone, type Store } from './event-store-commands.js';

const ALL = { from: 1, to: 1_000_000, limit: 10_000 };

/** The part of the contract about ids that a publisher gives to its events. */
export function eventIds(store: Store): void {
  it('bring the first answer again for the same event, whatever happened since', async () => {
    const ref = someone();
    const eventId = randomUUID();
    const first = await store().execute(on(ref, add('n', 1), { eventId }));
    expect(first).toMatchObject({ duplicate: false, events: [{ eventId, version: 1 }] });
    await store().execute(on(ref, set('n', 'no number')));
    await store().execute(on(ref, remove));
    for (const command of [on(ref, add('n', 1), { eventId }), on(ref, add('n', 1), { eventId, expected: 0 })]) {
      expect(await store().execute(command)).toEqual({ ...first, duplicate: true });
    }
    expect(await store().readStream(ref, ALL)).toHaveLength(3);
  });

  it('are refused for another event, and belong to one aggregate', async () => {
    const ref = someone();
    const eventId = randomUUID();
    await store().execute(on(ref, add('n', 1), { eventId }));
    await expect(store().execute(on(ref, set('n', 1), { eventId }))).rejects
      .toEqual(refusal('EVENT_ID_REUSED', { eventId, eventVersion: 1, eventType: 'Added' }));
    expect(await store().execute(on(someone(), set('n', 1), { eventId }))).toMatchObject({ duplicate: false });
    expect(await store().readStream(ref, ALL)).toHaveLength(1);
  });

  it('fail alone when they cannot be compared', async () => {
    const ref = someone();
    const eventId = randomUUID();
    await store().execute(on(ref, add('n', 1), { eventId }));
    const sameAs = (): boolean => {
      throw new ServiceError('VALIDATION_ERROR', 'beyond compare');
    };
    const answer = (command: Command): Promise<unknown> => store().execute(command).catch((error: unknown) => error);
    const answers = [answer({ ...on(ref, remove, { expected: 9 }), publisherEvent: { eventId, sameAs } })];
    for (let i = 0; i < 20; i += 1) {
      answers.push(answer(on(someone(), add('n', 1))));
      await new Promise((turn) => setImmediate(turn)); // so that some of them are loaded together with the bad one
    }
    const [bad, ...others] = await Promise.all(answers);
    expect(bad).toEqual(refusal('VALIDATION_ERROR'));
    expect(others).toEqual(others.map(() => expect.objectContaining({ duplicate: false })));
  });

  it('have one effect when they come twice at once', async () => {
    const ref = someone();
    const eventId = randomUUID();
    const twin = on(ref, add('n', 1), { eventId });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => store().execute(twin)));
    expect(outcomes.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(outcomes.map(({ events }) => JSON.stringify(events))).size).toBe(1);
    expect((await store().readState(ref))!.data).toBe('{"n":1}');
  });
}

/** The part of the contract about idempotency keys. */
export function receipts(store: Store): void {
  const receipt = (fingerprint = 'f') => ({ key: randomUUID(), fingerprint });

  it('bring the first answer again for the same request, and beat every refusal', async () => {
    const ref = someone();
    const [made, gone] = [receipt(), receipt()];
    const commands = [on(ref, add('n', 1), { receipt: made, expected: 0 }), on(ref, remove, { receipt: gone })];
    for (const command of commands) {
      const first = await store().execute(command);
      expect(await store().execute(command)).toEqual({ ...first, duplicate: true });
    }
    expect(await store().execute(commands[0]!)).toMatchObject({ duplicate: true, events: [{ version: 1 }] });
    await expect(store().execute(on(ref, remove))).rejects.toEqual(refusal('STATE_NOT_FOUND'));
    expect(await store().readStream(ref, ALL)).toHaveLength(2);
  });

  it('are refused for another request, on whatever aggregate', async () => {
    const [ref, other] = [someone(), someone()];
    const { key } = receipt();
    await store().execute(on(ref, add('n', 1), { receipt: { key, fingerprint: 'a' } }));
    for (const each of [ref, other]) {
      await expect(store().execute(on(each, add('n', 1), { receipt: { key, fingerprint: 'b' } }))).rejects
        .toEqual(refusal('IDEMPOTENCY_KEY_REUSED'));
    }
    expect((await store().readState(ref))!.version).toBe(1);
    expect(await store().readState(other)).toBeUndefined();
  });

  it('are not kept of a refusal', async () => {
    const ref = someone();
    const { key } = receipt();
    await expect(store().execute(on(ref, remove, { receipt: { key, fingerprint: 'a' } }))).rejects
      .toEqual(refusal('STATE_NOT_FOUND'));
    expect(await store().execute(on(ref, add('n', 1), { receipt: { key, fingerprint: 'b' } })))
      .toMatchObject({ duplicate: false });
  });

  it('cover all aggregates of a command', async () => {
    const command = { ...onAll([someone(), someone('guild')], add('n', 1)), receipt: receipt() };
    const first = await store().execute(command);
    expect(await store().execute(command)).toEqual({ ...first, duplicate: true });
  });

  it('have one effect when they come twice at once', async () => {
    const ref = someone();
    const twin = on(ref, add('n', 1), { receipt: receipt() });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => store().execute(twin)));
    expect(outcomes.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(outcomes.map(({ events }) => JSON.stringify(events))).size).toBe(1);
    expect((await store().readState(ref))!.data).toBe('{"n":1}');
  });
}
