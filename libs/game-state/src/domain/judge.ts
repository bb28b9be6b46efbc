import { type AggregateSnapshot, type EventDraft, hlcToMs, type Judgement, type RuleSet, rulesMark, ServiceError, type Violation } from '@app/kernel';
import { ofItem } from './transaction.js';

/** What events are held against. */
export interface Bench {
  readonly rules: RuleSet;
  /** In ms since 1970. */
  readonly now: number;
}

/**
 * The event as it is stored: with the rules it breaks in its metadata, and with what rules on rates need at the next one. Pure.
 * @throws ServiceError RULE_VIOLATION naming rule and path, for a rule that refuses
 */
export function judge(state: AggregateSnapshot, draft: EventDraft, { rules, now }: Bench): EventDraft {
  return marked(draft, rules.judge(state, draft.ops, timeOf(state, now)));
}

/** The clock of an aggregate never runs backwards, whatever those of the instances that write to it say: a window loses nothing. */
function timeOf({ hlc }: AggregateSnapshot, now: number): number {
  return Math.max(now, hlcToMs(hlc));
}

/** The same for events that belong together, and for the rules on their sums. A refusal says which item it is about. */
export function judgeTogether(states: readonly AggregateSnapshot[], drafts: readonly EventDraft[], { rules, now }: Bench): EventDraft[] {
  const sums = rules.judgeTogether(states.map((state, i) => ({ state, ops: drafts[i]!.ops })));
  return drafts.map((draft, i) => {
    const state = states[i]!;
    const { violations, memory } = rules.judge(state, draft.ops, timeOf(state, now));
    const ofSums = sums.filter(({ party }) => party === i).map(({ violation }) => violation);
    try {
      return marked(draft, { violations: [...violations, ...ofSums], memory });
    } catch (error) {
      throw error instanceof ServiceError ? ofItem(error, i, state) : error;
    }
  });
}

/** The event of somebody who makes up for others: no rule looks at it, now or later. */
export function exempt(state: AggregateSnapshot, draft: EventDraft, { rules, now }: Bench): EventDraft {
  const memory = rules.compensate(state, draft.ops, timeOf(state, now));
  return { ...draft, metadata: rulesMark({ exempt: true }), ...(memory && { memory }) };
}

function marked(draft: EventDraft, { violations, memory }: Judgement): EventDraft {
  const refusing = violations.find(({ mode }) => mode === 'reject');
  if (refusing) throw refusal(refusing);
  if (violations.length === 0) return memory ? { ...draft, memory } : draft;
  return { ...draft, metadata: rulesMark({ violations }), ...(memory && { memory }) };
}

function refusal({ rule, mode: _mode, path, ...more }: Violation): ServiceError {
  return new ServiceError('RULE_VIOLATION', `${path} breaks the rule ${rule}`, { rule, path, ...more });
}
