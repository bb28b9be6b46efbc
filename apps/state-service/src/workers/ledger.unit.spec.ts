import type { MetricsSnapshot } from '@app/observability';
import { Ledger } from './ledger.js';

const snapshot = (appended: number, connections: number): MetricsSnapshot => [
  { name: 'verdicts', help: '', type: 'counter', aggregator: 'sum', values: [{ labels: { verdict: 'appended' }, value: appended }] },
  {
    name: 'seconds', help: '', type: 'histogram', aggregator: 'sum',
    values: [
      { labels: { le: 1 }, value: appended, metricName: 'seconds_bucket' }, { labels: {}, value: appended, metricName: 'seconds_count' },
    ],
  },
  { name: 'connections', help: '', type: 'gauge', aggregator: 'sum', values: [{ labels: {}, value: connections }] },
];

/** Figures by series, the ledger's own left out. */
const seriesOf = (snapshots: readonly MetricsSnapshot[]): (readonly [string, number])[] => snapshots.flat()
  .filter(({ name }) => !name.startsWith('gss_worker'))
  .flatMap(({ name, values }) => values.map(({ metricName, value }) => [metricName ?? name, value] as const));

describe('the ledger', () => {
  it('keeps what the dead had counted, each series for itself, and none of their gauges', () => {
    const ledger = new Ledger();
    ledger.note(1, snapshot(5, 9));
    ledger.note(1, snapshot(7, 9));
    ledger.note(2, snapshot(10, 9));
    ledger.retire(1);
    ledger.retire(2);
    expect(seriesOf(ledger.rest(0, []))).toEqual([['verdicts', 17], ['seconds_bucket', 17], ['seconds_count', 17]]);
  });

  it('lends the late what they had last, as long as they are late', () => {
    const ledger = new Ledger();
    ledger.note(1, snapshot(5, 9));
    expect(seriesOf(ledger.rest(0, [1]))).toEqual([['verdicts', 5], ['seconds_bucket', 5], ['seconds_count', 5]]);
    expect(seriesOf(ledger.rest(1, []))).toEqual([]);
    expect(seriesOf(ledger.rest(0, [99]))).toEqual([]);
  });
});
