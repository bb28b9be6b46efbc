import { type AggregateSnapshot, type EventDraft, fold, fromPointer, type JsonObject, type RuleSet, ServiceError, valueAt } from '@app/kernel';

/**
 * What leaves one enters another: the sum of each field over aggregates that change together stays what it is. A field that a rule of
 * the game conserves is summed as that rule says, whatever its mode; any other is one and the same path in all of them. Pure.
 * @param pointers JSON Pointers of whole numbers
 * @throws ServiceError RULE_VIOLATION with the rule `conserve`, the pointer and the difference
 */
export function assertConserved(pointers: readonly string[], states: readonly AggregateSnapshot[], drafts: readonly EventDraft[], rules: RuleSet): void {
  if (pointers.length === 0) return;
  const after = states.map((state, i) => fold(state, drafts[i]!.ops, state.version + 1).data);
  for (const pointer of pointers) {
    const path = fromPointer(pointer);
    const ledger = rules.ledgerOf(path);
    const difference = ledger
      ? ledger.check(states.map((state, i) => ({ state, ops: drafts[i]!.ops })))[0]?.violation.measured
      : differenceAt(path, states, after);
    if (difference !== undefined) refuse(pointer, difference);
  }
}

/** By how much the sum would change; 0 where it cannot be told, undefined where it would not. As big integers: sixteen safe ones may pass 2^53. */
function differenceAt(path: readonly string[], before: readonly AggregateSnapshot[], after: readonly JsonObject[]): number | undefined {
  const amounts = before.flatMap(({ data }, i) => [valueAt(after[i]!, path) ?? 0, valueAt(data, path) ?? 0]);
  if (!amounts.every(Number.isSafeInteger)) return 0;
  const difference = amounts.reduce((sum: bigint, amount, i) => sum + (i % 2 === 0 ? 1n : -1n) * BigInt(amount as number), 0n);
  return difference === 0n ? undefined : Number(difference);
}

function refuse(pointer: string, difference: number): never {
  const why = difference === 0
    ? `${pointer} is not a whole number everywhere, so it cannot be conserved`
    : `the sum of ${pointer} would change by ${difference}: what leaves one must enter another`;
  throw new ServiceError('RULE_VIOLATION', why, { rule: 'conserve', path: pointer, ...(difference !== 0 && { difference }) });
}
