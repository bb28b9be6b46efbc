import { median } from './stats.mjs';
import { say, tell } from './progress.mjs';

/**
 * @typedef {{ rate: number, p50?: number, p99?: number, cores?: number }} Run
 * @typedef {{ name: string, unit?: string, note?: string, run: () => Promise<Run>, absent?: string }} Row `absent`: why it cannot run
 */

/**
 * Measures rows in turn in each of so many rounds, after a warm-up round that does not count. A row that fails says why and is
 * not measured again; the others go on.
 *
 * @param {{ title: string, rows: Row[], rounds: number, warmUp?: boolean }} work
 * @returns the measured rows by name; `runs[i]` is what a row did in round i
 */
export async function measureInTurn({ title, rows, rounds, warmUp = true }) {
  const measured = new Map(rows.map(({ name, unit = '/s', note, absent }) => [name, { name, unit, note, failure: absent, runs: [] }]));
  for (let round = warmUp ? 0 : 1; round <= rounds; round += 1) {
    for (const [at, row] of rows.entries()) {
      const result = measured.get(row.name);
      if (result.failure !== undefined) continue;
      tell(`${title}: ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}, ${at + 1}/${rows.length} ${row.name}`);
      try {
        const run = await row.run();
        if (round > 0) result.runs.push(run);
      } catch (error) {
        result.failure = error instanceof Error ? error.message : String(error);
        say(`${title}, ${row.name}: ${result.failure}`);
      }
    }
  }
  tell('');
  return new Measured([...measured.values()]);
}

/** The rows of one work item and the questions one can ask of them. */
export class Measured {
  constructor(rows) {
    this.rows = rows.map((row) => ({ ...row, ...(row.failure === undefined ? summary(row.runs) : {}) }));
  }

  /** The median over the rounds of the ratio of two rows within a round, by their rates or another figure, or why there is none. */
  ratio(name, base, key = 'rate') {
    const [over, under] = [this.#row(name), this.#row(base)];
    const missing = [over, under].find(({ failure }) => failure !== undefined);
    if (missing) return { why: `${missing.name}: ${missing.failure}` };
    return { figure: median(over.runs.map((run, i) => run[key] / under.runs[i][key])) };
  }

  #row(name) {
    const found = this.rows.find((row) => row.name === name);
    if (!found) throw new Error(`there is no row ${name}`);
    return found;
  }
}

function summary(runs) {
  const of = (key) => runs.every((run) => run[key] !== undefined) ? median(runs.map((run) => run[key])) : undefined;
  const rates = runs.map(({ rate }) => rate);
  return { rate: median(rates), lowest: Math.min(...rates), highest: Math.max(...rates), p50: of('p50'), p99: of('p99'), cores: of('cores') };
}

/**
 * Tries a peer at several concurrencies, shortly, and says which was best: a peer is compared at its best.
 * @param {(inFlight: number) => Promise<Run>} run
 */
export async function bestConcurrency(title, run, tries = [1, 4, 16, 32, 64]) {
  let best = { rate: 0, inFlight: 0 };
  for (const inFlight of tries) {
    tell(`${title}: trying ${inFlight} in flight`);
    const { rate } = await run(inFlight);
    if (rate > best.rate) best = { rate, inFlight };
  }
  return best.inFlight;
}

/**
 * A goal beside its figure.
 * @param {string} text
 * @param {{ figure?: number, why?: string }} found
 * @param {{ atLeast?: number, below?: number, atMost?: number, unit?: string }} bound
 */
export function goal(text, { figure, why }, { atLeast, below, atMost, unit = '×' }) {
  if (figure === undefined || Number.isNaN(figure)) return { text, why: why ?? 'not measured', unit };
  const reached = (atLeast === undefined || figure >= atLeast) && (below === undefined || figure < below)
    && (atMost === undefined || figure <= atMost);
  return { text, figure, unit, reached };
}
