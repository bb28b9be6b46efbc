import type { Difference } from './compare.js';
import type { DemoResult } from './run-demo.js';

const SHOWN = 5;
const LONGEST_VALUE = 200;

/** What a run showed, in lines for a person. */
export function report(result: DemoResult): string[] {
  const { events, sentTwice, seconds, eventsPerSecond, p50, p99, duplicates, retries, aggregates, gold } = result;
  const again = retries > 0 ? `, ${count(retries)} sent again` : '';
  const figures = `${count(events)} events (${count(sentTwice)} of them twice) in ${seconds.toFixed(2)} s: ` +
    `${count(eventsPerSecond)} events/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ` +
    `${count(duplicates)} duplicates${again}`;
  return [figures, ...(result.differences.length > 0
    ? differencesOf(result.differences)
    : [`All ${count(aggregates)} states are as expected; the players have the ${count(gold)} gold that was minted`])];
}

function differencesOf(differences: readonly Difference[]): string[] {
  const more = differences.length - SHOWN;
  return [
    `${count(differences.length)} differences:`,
    ...differences.slice(0, SHOWN).map(({ aggregate, path, expected, got }) =>
      `  ${aggregate} ${path}: expected ${shown(expected)}, got ${shown(got)}`),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ];
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text;
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
