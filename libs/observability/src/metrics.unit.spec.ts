import { APPEND_VERDICTS, Metrics } from './metrics.js';

describe('Metrics', () => {
  const metrics = new Metrics();

  it('prefixes every name, those of the process and its event loop too', async () => {
    const names = [...(await metrics.render()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names).toContain('gss_process_cpu_seconds_total');
    expect(names).toContain('gss_nodejs_eventloop_lag_p99_seconds');
    expect(names.filter((name) => !name?.startsWith('gss_'))).toEqual([]);
  });

  it('shows every verdict from the start, and counts', async () => {
    for (const verdict of APPEND_VERDICTS) {
      expect(await metrics.render()).toContain(`gss_append_verdicts_total{verdict="${verdict}"} 0`);
    }
    metrics.verdict('conflict');
    metrics.verdict('appended', 41);
    metrics.verdict('appended');
    const text = await metrics.render();
    expect(text).toContain('gss_append_verdicts_total{verdict="appended"} 42');
    expect(text).toContain('gss_append_verdicts_total{verdict="conflict"} 1');
  });

  it('measures groups', async () => {
    metrics.groupCommitted({ commands: 3, events: 5, seconds: 0.004 });
    const text = await metrics.render();
    expect(text).toContain('gss_append_group_commands_bucket{le="2"} 0');
    expect(text).toContain('gss_append_group_commands_bucket{le="4"} 1');
    expect(text).toContain('gss_append_group_events_sum 5');
    expect(text).toContain('gss_append_duration_seconds_bucket{le="0.002"} 0');
    expect(text).toContain('gss_append_duration_seconds_bucket{le="0.005"} 1');
  });

  it('reads gauges at every scrape', async () => {
    let depth = 1;
    let waiting = 0;
    metrics.appendQueueDepth(() => depth);
    metrics.databasePool(() => ({ total: 4, idle: 3, waiting }));
    expect(await metrics.render()).toContain('gss_append_queue_depth 1');
    [depth, waiting] = [7, 2];
    const text = await metrics.render();
    expect(text).toContain('gss_append_queue_depth 7');
    expect(text).toContain('gss_db_pool_connections{state="total"} 4');
    expect(text).toContain('gss_db_pool_connections{state="waiting"} 2');
  });

  it('forgets a label value that is gone', async () => {
    let positions: Record<string, number> = { audit: 3, cache: 9 };
    metrics.gauge('feed_position', 'Position by consumer.', () => positions, 'consumer');
    expect(await metrics.render()).toContain('gss_feed_position{consumer="audit"} 3');
    positions = { cache: 10 };
    const text = await metrics.render();
    expect(text).toContain('gss_feed_position{consumer="cache"} 10');
    expect(text).not.toContain('consumer="audit"');
  });

  it('leaves out a gauge that cannot be read, counts it, and shows the others', async () => {
    let broken = false;
    const read = () => {
      if (broken) throw new Error('no connection');
      return 5;
    };
    metrics.gauge('fragile', 'Breaks.', read);
    metrics.gauge('no_number', 'Never a number.', () => Number.NaN);
    expect(await metrics.render()).toContain('gss_fragile 5');
    broken = true;
    const text = await metrics.render();
    expect(text).not.toMatch(/^gss_fragile /m);
    expect(text).not.toMatch(/^gss_no_number /m);
    expect(text).toContain('gss_append_queue_depth 7');
    expect(await metrics.render()).toContain('gss_gauge_failures_total{gauge="fragile"}');
  });

  it('refuses a name twice', () => {
    expect(() => metrics.gauge('append_queue_depth', 'Again.', () => 0)).toThrow('already been registered');
  });

  it('speaks for several processes, each figure in the way that makes sense of it', async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    const delays = [0.2, 0.7];
    [one, two].forEach((each, i) => {
      each.verdict('appended', 5);
      each.shed('event_loop');
      each.appendQueueDepth(() => 3);
      each.gauge('delay', 'Of the loop.', () => delays[i]!, { aggregator: 'max' });
      each.groupCommitted({ commands: 3, events: 5, seconds: 0.004 });
    });
    // As it arrives from another process.
    one.together(async () => [await one.snapshot(), structuredClone(await two.snapshot())]);
    const text = await one.render();
    expect(text).toContain('gss_append_verdicts_total{verdict="appended"} 10');
    expect(text).toContain('gss_shed_total{reason="event_loop"} 2');
    expect(text).toContain('gss_append_queue_depth 6');
    expect(text).toContain('gss_delay 0.7');
    expect(text).toContain('gss_append_duration_seconds_bucket{le="0.005"} 2');
    expect(text).toMatch(/^gss_nodejs_version_info\{.*\} 1$/m);
    const begun = Number(/^gss_process_start_time_seconds (\S+)$/m.exec(text)?.[1]);
    expect(begun).toBeLessThanOrEqual(Date.now() / 1000);
    expect(await two.render()).toContain('gss_append_verdicts_total{verdict="appended"} 5');
  });

  it('keeps two instances apart', async () => {
    const other = new Metrics();
    other.verdict('failed', 9);
    expect(await metrics.render()).toContain('gss_append_verdicts_total{verdict="failed"} 0');
  });
});
