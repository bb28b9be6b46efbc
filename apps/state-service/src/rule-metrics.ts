import type { Referee } from '@app/game-state';
import type { FlagFigures } from '@app/integrity';
import type { Metrics } from '@app/observability';

/** Binds what the rules of the game count to the metrics of the service; read when somebody scrapes. */
export function tellOfRules(metrics: Metrics, referee: Referee, flags: FlagFigures): void {
  metrics.tally('rule_violations_total', 'Rules that were broken: refused here, or put up for review here.', () => [
    ...[...referee.refused].map(([rule, count]) => [{ rule, mode: 'reject' }, count] as const),
    ...[...flags.raised.values()].map(({ rule, mode, count }) => [{ rule, mode }, count] as const),
  ], ['rule', 'mode']);
  metrics.gauge('flags_open', 'Flags that are not resolved.', () => flags.open, { aggregator: 'max' });
  metrics.gauge('quarantines_active', 'Aggregates in quarantine.', () => flags.quarantined, { aggregator: 'max' });
}
