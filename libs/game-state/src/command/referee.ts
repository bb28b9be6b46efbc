import { type AggregateSnapshot, type EventDraft, RuleSet, ServiceError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { assertConserved } from '../domain/conserve.js';
import { exempt, judge, judgeTogether } from '../domain/judge.js';

/** Holds what is decided against the rules in force, and counts what they refused here. */
@Injectable()
export class Referee {
  /** By rule. */
  readonly refused = new Map<string, number>();

  constructor(private readonly rules: RuleSet) {}

  /** See `judge`; with `compensates` the event makes up for others and breaks no rule. */
  judge(state: AggregateSnapshot, draft: EventDraft, compensates = false): EventDraft {
    const bench = { rules: this.rules, now: Date.now() };
    return compensates ? exempt(state, draft, bench) : judge(state, draft, bench);
  }

  /** See `judgeTogether` and, of what the command itself wants conserved, `assertConserved`. */
  judgeTogether(states: readonly AggregateSnapshot[], drafts: readonly EventDraft[], conserve: readonly string[]): EventDraft[] {
    assertConserved(conserve, states, drafts, this.rules);
    return judgeTogether(states, drafts, { rules: this.rules, now: Date.now() });
  }

  /** Counts a command that is refused for good: it may have been decided more than once before. */
  watch<T>(verdict: Promise<T>): Promise<T> {
    verdict.catch((error: unknown) => {
      const rule = error instanceof ServiceError && error.error === 'RULE_VIOLATION' ? error.details?.['rule'] : undefined;
      if (typeof rule === 'string' && this.rules.has(rule)) this.refused.set(rule, (this.refused.get(rule) ?? 0) + 1);
    });
    return verdict;
  }
}
