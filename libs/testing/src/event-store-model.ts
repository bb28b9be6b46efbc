import { randomUUID } from 'node:crypto';
import type { Command, Outcome } from '@app/event-store';
import { type AggregateRef, ServiceError } from '@app/kernel';
import fc from 'fast-check';
import { add, type Decision, on, onAll, remove, set, someone } from './event-store-commands.js';

const AGGREGATES = [0, 1, 2] as const;
type Which = (typeof AGGREGATES)[number];

/** A command as plain data, on one of three aggregates or on two of them. */
export interface Step {
  readonly on: Which;
  readonly and?: Which;
  readonly change: 'add' | 'set' | 'remove' | 'break';
  readonly value: number;
  /** Which version it expects, by its distance from the present one. */
  readonly off?: number;
  readonly receipt?: readonly [key: number, fingerprint: string];
  readonly eventId?: number;
}

const which = fc.constantFrom(...AGGREGATES);
const change = fc.constantFrom<Step['change']>('add', 'add', 'add', 'set', 'remove');

export const anyStep: fc.Arbitrary<Step> = fc.record({
  on: which, change, value: fc.integer({ min: -9, max: 9 }),
  off: fc.option(fc.constantFrom(0, 0, 0, -1, 1), { nil: undefined, freq: 3 }),
  and: fc.option(which, { nil: undefined, freq: 5 }),
  receipt: fc.option(fc.tuple(fc.nat(2), fc.constantFrom('f', 'f', 'f', 'g')), { nil: undefined, freq: 3 }),
  eventId: fc.option(fc.nat(2), { nil: undefined, freq: 3 }),
}).map(({ and, off, eventId, ...step }) => (
  // On two aggregates it is no publisher's event and expects no version.
  and === undefined || and === step.on ? { ...step, off, eventId } : { ...step, and }));

/** A step whose decision fails; for the company it keeps. */
export const anyBreak: fc.Arbitrary<Step> =
  anyStep.map(({ eventId: _none, ...step }) => ({ ...step, change: 'break' }));

/** What stands for the numbers of the steps in one run: aggregates, keys and event ids that nobody else uses. */
export interface Cast {
  readonly refs: readonly AggregateRef[];
  readonly keys: readonly string[];
  readonly ids: readonly string[];
}

export function newCast(): Cast {
  const ids = (): string[] => AGGREGATES.map(() => randomUUID());
  return { refs: AGGREGATES.map(() => someone()), keys: ids(), ids: ids() };
}

const DECISIONS: Record<Step['change'], (value: number) => Decision> = {
  add: (value) => add('n', value),
  set: (value) => set('s', value),
  remove: () => remove,
  break: () => () => {
    throw new Error('broken');
  },
};

/** The step as a command. @param version of the aggregate, for a step that expects one */
export function toCommand(step: Step, { refs, keys, ids }: Cast, version: number): Command {
  const decision = DECISIONS[step.change](step.value);
  const receipt = step.receipt && { key: keys[step.receipt[0]]!, fingerprint: step.receipt[1] };
  if (step.and !== undefined) return { ...onAll([refs[step.on]!, refs[step.and]!], decision), receipt };
  return on(refs[step.on]!, decision, {
    receipt,
    eventId: step.eventId === undefined ? undefined : ids[step.eventId],
    expected: step.off === undefined ? undefined : version + step.off,
  });
}

/** An answer in a word: the refusal, or whether it is a repeated one and the versions it made. */
export function inAWord(answer: Outcome | ServiceError): string {
  if (answer instanceof ServiceError) return answer.error;
  return `${answer.duplicate ? 'again' : 'new'} ${answer.events.map(({ version }) => version).join()}`;
}

interface Content {
  readonly deleted: boolean;
  readonly n?: number;
  readonly s?: number;
}

/** The event store as simple as can be: what each aggregate was after each version, and who was answered what. */
export class Model {
  readonly histories: Content[][] = AGGREGATES.map(() => []);
  private readonly receipts = new Map<number, { fingerprint: string; made: string }>();
  private readonly events = new Map<string, { change: string; made: string }>();

  versionOf(aggregate: Which): number {
    return this.histories[aggregate]!.length;
  }

  /** The events of all aggregates. */
  get size(): number {
    return this.histories.reduce((sum, history) => sum + history.length, 0);
  }

  /** Does the step, if it is allowed. @returns the answer in a word */
  take(step: Step): string {
    const { receipt, eventId, off } = step;
    const known = receipt && this.receipts.get(receipt[0]);
    if (known) return known.fingerprint === receipt[1] ? `again ${known.made}` : 'IDEMPOTENCY_KEY_REUSED';
    const event = this.events.get(`${step.on}/${eventId}`);
    if (event) return event.change === step.change ? `again ${event.made}` : 'EVENT_ID_REUSED';
    if (off !== undefined && off !== 0) return 'VERSION_CONFLICT';
    const touched = step.and === undefined ? [step.on] : [step.on, step.and];
    const before = touched.map((each) => this.histories[each]!.at(-1) ?? { deleted: true });
    if (step.change === 'remove' && before.some(({ deleted }) => deleted)) return 'STATE_NOT_FOUND';
    touched.forEach((each, i) => this.histories[each]!.push(after(before[i]!, step)));
    const made = touched.map((each) => this.versionOf(each)).join();
    if (receipt) this.receipts.set(receipt[0], { fingerprint: receipt[1], made });
    if (eventId !== undefined) this.events.set(`${step.on}/${eventId}`, { change: step.change, made });
    return `new ${made}`;
  }
}

function after({ deleted, n, s }: Content, { change: what, value }: Step): Content {
  if (what === 'remove') return { deleted: true };
  const alive = deleted ? { deleted: false } : { deleted: false, n, s };
  return what === 'add' ? { ...alive, n: (alive.n ?? 0) + value } : { ...alive, s: value };
}
