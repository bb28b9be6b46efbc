import type { Worker } from 'node:cluster';
import { Ledger } from './ledger.js';
import { type Figure, type Figures, type Order, REPORT_WITHIN_MS } from './messages.js';

interface Round {
  readonly figure: Figure;
  readonly asker: Worker;
  readonly askedAs: number;
  readonly missing: Set<number>;
  readonly reports: Figures[Figure][];
  readonly timer: NodeJS.Timeout;
}

/** The primary's part in gathering: asks every worker, and hands what came in time to the one that wanted it. */
export class Gathering {
  private readonly rounds = new Map<number, Round>();
  private readonly ledger = new Ledger();
  private asked = 0;

  /** @param workers those that serve now */
  constructor(private readonly workers: () => readonly Worker[]) {}

  begin(asker: Worker, askedAs: number, figure: Figure): void {
    const id = ++this.asked;
    const asked = this.workers();
    const timer = setTimeout(() => this.finish(id), REPORT_WITHIN_MS[figure]);
    const missing = new Set(asked.map((worker) => worker.id));
    this.rounds.set(id, { figure, asker, askedAs, missing, reports: [], timer });
    for (const worker of asked) send(worker, { kind: 'report', id, figure });
    if (missing.size === 0) this.finish(id);
  }

  take(worker: Worker, id: number, report: Figures[Figure]): void {
    if (typeof report === 'object') this.ledger.note(worker.id, report);
    const round = this.rounds.get(id);
    if (!round?.missing.delete(worker.id)) return;
    round.reports.push(report);
    if (round.missing.size === 0) this.finish(id);
  }

  /** A worker is dead: nobody waits for it, and what it had counted stays counted. */
  gone(worker: Worker): void {
    this.ledger.retire(worker.id);
    for (const [id, { missing }] of this.rounds) if (missing.delete(worker.id) && missing.size === 0) this.finish(id);
  }

  /** Counts a worker that is started again. */
  restarted(): void {
    this.ledger.restarts += 1;
  }

  private finish(id: number): void {
    const round = this.rounds.get(id);
    if (!round) return;
    this.rounds.delete(id);
    clearTimeout(round.timer);
    const { figure, asker, askedAs, missing, reports } = round;
    const rest = figure === 'metrics' ? this.ledger.rest(reports.length, [...missing]) : [];
    send(asker, { kind: 'gathered', id: askedAs, reports: [...reports, ...rest] });
  }
}

function send(worker: Worker, message: Order): void {
  worker.send(message, () => undefined);
}
