import type { Metrics } from '@app/observability';
import type { Operations } from '@app/operations';

/** Binds what the operations count to the metrics of the service; read when somebody scrapes. */
export function tellOfOperations(metrics: Metrics, operations: Operations): void {
  metrics.gauge('operations_running', 'Operations that run here, by kind.', () => operations.figures.running, 'kind');
  metrics.tally('operations_finished_total', 'Operations that ended here, by how.', () => operations.figures.finished, 'outcome');
}
