import { Worker } from 'node:worker_threads';
import type { Finding, IdRange, RangeChecker, RangeCount } from '@app/integrity';

/** What a thread is started with, asked, and answers. */
export interface LaneStart { readonly url: string; readonly snapshot: string }
export interface LaneQuestion { readonly range: IdRange; readonly limit: number }
export type LaneAnswer =
  | { readonly events: number }
  | { readonly count: RangeCount; readonly findings: readonly Finding[] };

/** Rows die before they are moved: a tenth faster. */
const YOUNG_MB = 64;

/** Threads that check ranges of aggregates, each over a connection of its own that sees the same state of the database. */
export class Lanes {
  private readonly idle: Worker[];
  private readonly waiting: ((worker: Worker) => void)[] = [];
  private readonly workers: readonly Worker[];

  constructor(threads: number, start: LaneStart) {
    this.workers = Array.from({ length: threads }, () => new Worker(new URL('./lane.js', import.meta.url), {
      workerData: start, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    }));
    this.idle = [...this.workers];
  }

  readonly check: RangeChecker = async (range, limit, onEvents) => {
    const worker = this.idle.pop() ?? await new Promise<Worker>((resolve) => this.waiting.push(resolve));
    const answer = await ask(worker, { range, limit }, onEvents);
    const next = this.waiting.shift();
    if (next) next(worker);
    else this.idle.push(worker);
    return answer;
  };

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/** A thread that ends instead of answering is an error of the whole. */
function ask(worker: Worker, question: LaneQuestion, onEvents: (count: number) => void): ReturnType<RangeChecker> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', heard).off('error', failed).off('exit', ended);
    };
    const heard = (answer: LaneAnswer): void => {
      if (!('count' in answer)) return onEvents(answer.events);
      settle();
      resolve(answer);
    };
    const failed = (error: Error): void => {
      settle();
      reject(error);
    };
    const ended = (): void => failed(new Error('a thread ended before it had answered'));
    worker.on('message', heard).on('error', failed).on('exit', ended);
    worker.postMessage(question);
  });
}
