import type { Metrics } from '@app/observability';
import { type Figure, type Figures, type Order, REPORT_WITHIN_MS, type Word } from './messages.js';

/** Beyond the primary's own limit: only a primary that is itself stuck takes longer. */
const GRACE_MS = 250;

type Readers = { [F in Figure]: () => Figures[F] | Promise<Figures[F]> };

/** A worker's view of the other workers of its instance, through the primary. */
export class Siblings {
  private readonly readers: Partial<Readers> = {};
  private readonly waiting = new Map<number, (reports: readonly Figures[Figure][]) => void>();
  private asked = 0;

  constructor(private readonly tell: (word: Word) => void) {}

  /** From now on this worker tells its figures, and its metrics are those of all. */
  share(metrics: Metrics, openConnections: () => number): void {
    this.readers.metrics = () => metrics.snapshot();
    this.readers.connections = openConnections;
    metrics.together(() => this.gather('metrics'));
  }

  /** Open sockets of all. */
  async connections(): Promise<number> {
    return (await this.gather('connections')).reduce((sum, open) => sum + open, 0);
  }

  /** The figure of every worker that answers in time, this one among them. Never rejects for a sibling's sake. */
  private async gather<F extends Figure>(figure: F): Promise<readonly Figures[F][]> {
    const id = ++this.asked;
    const reports = await new Promise<readonly Figures[Figure][]>((resolve) => {
      const timer = setTimeout(() => resolve([]), REPORT_WITHIN_MS[figure] + GRACE_MS);
      this.waiting.set(id, (gathered) => {
        clearTimeout(timer);
        resolve(gathered);
      });
      this.tell({ kind: 'gather', id, figure });
    });
    this.waiting.delete(id);
    return reports.length > 0 ? reports as readonly Figures[F][] : this.own(figure); // the primary answers with the figure it was asked
  }

  /** Takes what the primary sent. */
  async take(order: Extract<Order, { kind: 'report' | 'gathered' }>): Promise<void> {
    if (order.kind === 'gathered') this.waiting.get(order.id)?.(order.reports);
    else for (const report of await this.own(order.figure)) this.tell({ kind: 'reported', id: order.id, report });
  }

  /** Nothing while this worker is still starting. */
  private async own<F extends Figure>(figure: F): Promise<Figures[F][]> {
    const read = this.readers[figure];
    return read ? [await read()] : [];
  }
}
