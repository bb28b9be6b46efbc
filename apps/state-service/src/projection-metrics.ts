import type { ProjectionFigures, Projections } from '@app/event-store';
import type { Metrics } from '@app/observability';

/** Binds what the projections count to the metrics of the service; read when somebody scrapes. */
export function tellOfProjections(metrics: Metrics, projections: Projections): void {
  const of = (read: (figures: ProjectionFigures) => number) => () =>
    Object.fromEntries([...projections.figures].map(([name, figures]) => [name, read(figures)]));
  metrics.tally('projection_events_total', 'Events that a projection handled here.', of(({ events }) => events), 'projection');
  metrics.tally('projection_failures_total', 'Tries of a projection that failed here.', of(({ failures }) => failures), 'projection');
  metrics.tally('projection_parked_total', 'Aggregates that a projection could not handle here.', of(({ parked }) => parked), 'projection');
  metrics.gauge('projection_position', 'Where a projection stood when it worked here last.', of(({ position }) => position),
    { label: 'projection', aggregator: 'max' });
  metrics.gauge('projection_stalled', '1 while a projection fails here.', of(({ stall }) => (stall ? 1 : 0)),
    { label: 'projection', aggregator: 'max' });
}
