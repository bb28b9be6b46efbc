import { ServiceError } from '@app/kernel';
import fc from 'fast-check';
import { add, on, onAll, refusal, set, someone, type Store } from './event-store-commands.js';
import { anyBreak, anyStep, type Cast, inAWord, Model, newCast, type Step, toCommand } from './event-store-model.js';

const ALL = { from: 1, to: 1_000_000, limit: 10_000 };

/** The part of the contract about commands that come at once. */
export function races(store: Store): void {
  it('let one of 50 win that expect the same version', async () => {
    const ref = someone();
    await store().execute(on(ref, set('by', -1)));
    const settled = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => store().execute(on(ref, set('by', i), { expected: 1 }))));
    const lost = settled.filter((each) => each.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(lost).toEqual(Array.from({ length: 49 }, () => refusal('VERSION_CONFLICT', { currentVersion: 2 })));
    const winner = settled.findIndex(({ status }) => status === 'fulfilled');
    expect(await store().readState(ref)).toMatchObject({ version: 2, data: JSON.stringify({ by: winner }) });
  });

  it('lose none of 1,000 increments', async () => {
    const ref = someone();
    const outcomes = await Promise.all(Array.from({ length: 1000 }, () => store().execute(on(ref, add('n', 1)))));
    expect(new Set(outcomes.map(({ events }) => events[0]!.version)).size).toBe(1000);
    expect(await store().readState(ref)).toMatchObject({ version: 1000, data: '{"n":1000}' });
  });

  it('end in one order for all when commands on several aggregates cross', async () => {
    const refs = [someone(), someone(), someone('guild')];
    const pairs = Array.from({ length: 90 }, (_, i) => [refs[i % 3]!, refs[(i + 1 + (i % 2)) % 3]!]);
    const commands = pairs.map((pair) => onAll(pair, (state, i) => add('n', i === 0 ? -1 : 1)(state)));
    await Promise.all(commands.map((command) => store().execute(command)));
    const states = await Promise.all(refs.map((ref) => store().readState(ref)));
    const sum = states.reduce((total, state) => total + (JSON.parse(state!.data) as { n: number }).n, 0);
    expect(sum).toBe(0);
    expect(states.reduce((total, state) => total + state!.version, 0)).toBe(180);
  });
}

/** The part of the contract that nobody thought of: random commands, against a plain model and all at once. */
export function randomCommands(store: Store): void {
  const answerTo = async (step: Step, cast: Cast, version: number): Promise<string> => {
    try {
      return inAWord(await store().execute(toCommand(step, cast, version)));
    } catch (error) {
      if (error instanceof ServiceError) return inAWord(error);
      if (step.change === 'break') return 'broken';
      throw error;
    }
  };

  it('one after another have the answers and leave the states of the plain model', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
      const cast = newCast();
      const model = new Model();
      const { position } = await store().head();
      for (const step of steps) {
        const answer = await answerTo(step, cast, model.versionOf(step.on));
        expect([step, answer]).toEqual([step, model.take(step)]);
      }
      for (const [i, history] of model.histories.entries()) {
        for (const [before, { deleted, ...data }] of history.entries()) {
          const state = await store().readStateAt(cast.refs[i]!, before + 1);
          expect({ deleted: state!.deleted, data: JSON.parse(state!.data) as unknown }).toEqual({ deleted, data });
        }
        const newest = await store().readStateAt(cast.refs[i]!, history.length);
        expect(await store().readState(cast.refs[i]!)).toEqual(newest);
      }
      expect((await store().head()).position).toBe(position + model.size);
    }), { numRuns: 40 });
  });

  it('all at once are each there once, in dense versions that fold to the state', async () => {
    const someBreak = fc.array(fc.oneof({ weight: 3, arbitrary: anyStep }, anyBreak), { maxLength: 60 });
    await fc.assert(fc.asyncProperty(someBreak, async (steps) => {
      const cast = newCast();
      const { position } = await store().head();
      const answers = await Promise.all(steps.map((step) => answerTo(step, cast, 0)));
      const told = answers.flatMap((answer, i) => (answer.startsWith('new ') ? versionsBy(steps[i]!, answer) : []));
      const log = await store().readLog(position, 1000);
      const found = log.map(({ ref, version }) => `${cast.refs.findIndex(({ id }) => id === ref.id)}:${version}`);
      expect(found.sort()).toEqual(told.sort());
      for (const ref of cast.refs) {
        const stream = await store().readStream(ref, ALL);
        expect(stream.map(({ version }) => version)).toEqual(stream.map((_, i) => i + 1));
        expect(await store().readState(ref)).toEqual(await store().readStateAt(ref, stream.length));
      }
    }), { numRuns: 30 });
  });
}

function versionsBy(step: Step, answer: string): string[] {
  return answer.slice('new '.length).split(',').map((version, i) => `${i === 0 ? step.on : step.and}:${version}`);
}
