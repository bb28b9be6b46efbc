import cliProgress from 'cli-progress';

/** A bar on a terminal, on standard error; elsewhere nothing. */
export interface Progress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

/** @param quiet there is none on a terminal either */
export function showProgress(quiet = false): Progress {
  if (quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new cliProgress.SingleBar(
    { format: '{bar} {percentage}% | {duration_formatted}', hideCursor: true, stream: process.stderr }, cliProgress.Presets.shades_classic);
  let begun = false;
  return {
    update: (done, total) => {
      if (!begun) bar.start(total, 0);
      begun = true;
      bar.setTotal(total); // what is counted may grow meanwhile
      bar.update(Math.min(done, total));
    },
    stop: () => bar.stop(),
  };
}
