import type { ConsumeBatch, LogFact } from '@app/event-store';
import type { PoolClient } from 'pg';
import { findViolations } from '../sql/find-violations.js';
import { type Raised, raiseFlags } from '../sql/raise-flags.js';
import type { FlagFigures } from './flag-figures.js';

/** The durable consumer's name. */
export const FLAGS = 'flags';

/** Operators hear of a broken rule within that; a busy log is read in large batches. */
export const PACE = { restMs: 250 };

/**
 * Puts up for review what the events of the log say of rules they broke, in the transaction that moves the checkpoint: after a crash none
 * is missing and none is there twice.
 */
export class FlagProjection {
  constructor(private readonly figures: FlagFigures, private readonly log: (line: string, level: 'warn') => void) {}

  readonly handle: ConsumeBatch = async (client: PoolClient, events: readonly LogFact[]) => {
    const raised = await raiseFlags(client, await findViolations(client, events[0]!.partition, events.map(({ position }) => position)));
    // Told before the commit: rather twice, after a lost connection, than never.
    for (const { violation } of raised) this.figures.count(violation);
    for (const line of linesOf(raised)) this.log(line, 'warn');
  };
}

/** One line a rule, however many events broke it. */
function linesOf(raised: readonly Raised[]): string[] {
  const byRule = new Map<string, Raised[]>();
  for (const one of raised) byRule.set(one.violation.rule, [...byRule.get(one.violation.rule) ?? [], one]);
  return [...byRule].map(([rule, found]) => {
    const { aggregateType, aggregateId, version, violation: { mode, path } } = found.at(-1)!;
    const times = found.length > 1 ? `${found.length} times, the last time ` : '';
    return `the rule ${rule} (${mode}) was broken ${times}by ${aggregateType}/${aggregateId} at version ${version}, ${path}`;
  });
}
