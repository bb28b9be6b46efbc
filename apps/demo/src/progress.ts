import cliProgress from 'cli-progress';
import { count } from './report.js';

/** Shows how far a run is: a bar on a terminal, else a line at every tenth. On standard error, beside the result. */
export interface Progress {
  readonly update: (answered: number) => void;
  readonly stop: () => void;
}

export function showProgress(total: number): Progress {
  return process.stderr.isTTY ? bar(total) : lines(total);
}

function bar(total: number): Progress {
  const drawn = new cliProgress.SingleBar({
    format: '{bar} {percentage}% | {value} of {total} events | {duration_formatted}',
    hideCursor: true,
    stream: process.stderr,
  }, cliProgress.Presets.shades_classic);
  drawn.start(total, 0);
  return { update: (answered) => drawn.update(answered), stop: () => drawn.stop() };
}

function lines(total: number): Progress {
  let next = 1;
  return {
    update: (answered) => {
      if (answered < (total * next) / 10) return;
      while (answered >= (total * next) / 10) next += 1;
      process.stderr.write(`  ${count(answered)} of ${count(total)} events\n`);
    },
    stop: () => undefined,
  };
}
