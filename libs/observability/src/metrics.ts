import { Injectable } from '@nestjs/common';
import { type Aggregator, collectDefaultMetrics, Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { type Distribution, ReadHistogram } from './read-histogram.js';
import { RequestDurations, type RequestMeasure } from './request-durations.js';
import { type MetricsSnapshot, renderSum } from './snapshots.js';

const PREFIX = 'gss_';
const APPEND_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** How a command can end, as the append path tells it. */
export const APPEND_VERDICTS = ['appended', 'conflict', 'duplicate', 'refused', 'overloaded', 'failed'] as const;
/** One of `APPEND_VERDICTS`; the value of the label `verdict`. */
export type AppendVerdictLabel = (typeof APPEND_VERDICTS)[number];

/** What a request is refused for before anything is done for it. */
export const SHED_REASONS = ['event_loop', 'append_queue', 'database_pool'] as const;
/** One of `SHED_REASONS`; the value of the label `reason`. */
export type ShedReason = (typeof SHED_REASONS)[number];

/**
 * All figures of one process, on a registry of their own, so that two services in one process do not mix. Every name
 * begins with `gss_`; times are seconds. Observes the append path too: bind it where an `AppendObserver` is asked for.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new RequestDurations();
  private readonly appends = this.histogram('append_duration_seconds', 'From sent to durable.', APPEND_SECONDS);
  private readonly groupCommands = this.histogram('append_group_commands', 'Commands in a group.', GROUP_SIZES);
  private readonly groupEvents = this.histogram('append_group_events', 'Events in a group.', GROUP_SIZES);
  private readonly verdicts = this.counter('append_verdicts_total', 'Commands by how they ended.', 'verdict');
  private readonly refusals = this.counter('shed_total', 'Requests refused because of overload.', 'reason');
  private readonly unreadable = this.counter('gauge_failures_total', 'Gauges left out of a scrape.', 'gauge');

  private gather: (() => Promise<readonly MetricsSnapshot[]>) | undefined;

  constructor() {
    this.distribution('http_request_duration_seconds', 'From request to response, by route.', () => this.requests.all());
    collectDefaultMetrics({ register: this.registry, prefix: PREFIX });
    // Of several processes the oldest says how long there is service; prom-client would leave the metric out.
    Object.assign(this.registry.getSingleMetric(`${PREFIX}process_start_time_seconds`) ?? {}, { aggregator: 'min' });
    // A series that is there from the start has a rate from its first event on.
    for (const verdict of APPEND_VERDICTS) this.verdicts.inc({ verdict }, 0);
    for (const reason of SHED_REASONS) this.refusals.inc({ reason }, 0);
  }

  /** What the registry's text is, for the header of the answer. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything as Prometheus text; registered gauges are read now. With `together`, of all processes as one. */
  async render(): Promise<string> {
    return this.gather ? renderSum(await this.gather()) : this.registry.metrics();
  }

  /** The figures of this process alone. */
  async snapshot(): Promise<MetricsSnapshot> {
    return await this.registry.getMetricsAsJSON() as unknown as MetricsSnapshot;
  }

  /** Several processes are one instance: from now on `render` speaks for all whose snapshots are gathered. */
  together(gather: () => Promise<readonly MetricsSnapshot[]>): void {
    this.gather = gather;
  }

  /** One request was answered. */
  requestObserved(measure: RequestMeasure): void {
    this.requests.observe(measure);
  }

  /** A group of commands was committed; `seconds` from sending to durable. */
  groupCommitted({ commands, events, seconds }: { commands: number; events: number; seconds: number }): void {
    this.appends.observe(seconds);
    this.groupCommands.observe(commands);
    this.groupEvents.observe(events);
  }

  /** `count` commands ended this way. */
  verdict(kind: AppendVerdictLabel, count = 1): void {
    this.verdicts.inc({ verdict: kind }, count);
  }

  /** One request was refused because of overload. */
  shed(reason: ShedReason): void {
    this.refusals.inc({ reason });
  }

  /** The commands that wait for the next group. */
  appendQueueDepth(read: () => number): void {
    this.gauge('append_queue_depth', 'Commands that wait for the next group.', read);
  }

  /** The connections of the database pool; `waiting` counts those who wait for one. */
  databasePool(read: () => { readonly total: number; readonly idle: number; readonly waiting: number }): void {
    this.gauge('db_pool_connections', 'Connections of the database pool.', () => ({ ...read() }), 'state');
  }

  /**
   * Adds a gauge that is read at every scrape. A reading that fails, or is no number, leaves the gauge out of that
   * scrape and is counted in `gss_gauge_failures_total`: one source that is down must not hide the others.
   * @param name without the prefix
   * @param read one number, or a number for each value of `label`
   * @param options the label, and what the readings of several processes come to (default: their sum)
   * @throws Error if the name is taken
   */
  gauge(name: string, help: string, read: () => number, options?: { aggregator: Aggregator }): void;
  gauge(name: string, help: string, read: () => Readonly<Record<string, number>>, options: string | GaugeOptions): void;
  gauge(name: string, help: string, read: () => Reading, options: string | Partial<GaugeOptions> = {}): void {
    const { unreadable } = this;
    const { label, aggregator = 'sum' } = typeof options === 'string' ? { label: options } : options;
    new Gauge({
      name: PREFIX + name,
      help,
      aggregator,
      labelNames: label === undefined ? [] : [label],
      registers: [this.registry],
      collect() {
        this.reset();
        // A reset gauge without labels is 0, which is a reading too.
        if (label === undefined) this.remove();
        try {
          for (const [labels, figure] of figuresOf(read(), label)) this.set(labels, figure);
        } catch {
          unreadable.inc({ gauge: name });
        }
      },
    });
  }

  /**
   * Adds a counter that its owner counts in plain numbers, read at every scrape.
   * @param name without the prefix
   * @param read one number, or a number for each value of `label`, or for each set of labels
   * @throws Error if the name is taken
   */
  tally(name: string, help: string, read: () => number): void;
  tally(name: string, help: string, read: () => Readonly<Record<string, number>>, label: string): void;
  tally<Label extends string>(name: string, help: string, read: () => readonly Labelled<Label>[], labels: readonly Label[]): void;
  tally(name: string, help: string, read: () => Reading | readonly Labelled<string>[], label?: string | readonly string[]): void {
    new Counter({
      name: PREFIX + name,
      help,
      labelNames: label === undefined ? [] : [label].flat(),
      registers: [this.registry],
      collect() {
        this.reset();
        const reading = read();
        const figures = isLabelled(reading) ? reading : figuresOf(reading, label as string | undefined);
        for (const [labels, figure] of figures) this.inc(labels, figure);
      },
    });
  }

  /**
   * Adds a histogram that its owner counts in plain numbers, read at every scrape.
   * @param name without the prefix
   * @throws Error if the name is taken
   */
  distribution(name: string, help: string, read: () => Iterable<Distribution>): void {
    this.registry.registerMetric(new ReadHistogram(PREFIX + name, help, read) as unknown as Metric);
  }

  private histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: PREFIX + name, help, buckets, registers: [this.registry] });
  }

  private counter<Label extends string>(name: string, help: string, label: Label): Counter<Label> {
    return new Counter<Label>({ name: PREFIX + name, help, labelNames: [label], registers: [this.registry] });
  }
}

interface GaugeOptions {
  readonly label: string;
  readonly aggregator?: Aggregator;
}

type Reading = number | Readonly<Record<string, number>>;
type Labelled<Label extends string> = readonly [labels: Readonly<Record<Label, string>>, figure: number];

function isLabelled(reading: Reading | readonly Labelled<string>[]): reading is readonly Labelled<string>[] {
  return Array.isArray(reading);
}

function figuresOf(reading: Reading, label?: string): (readonly [labels: Record<string, string>, figure: number])[] {
  const entries = typeof reading === 'number' ? [['', reading] as const] : Object.entries(reading);
  return entries.map(([value, figure]) => {
    if (!Number.isFinite(figure)) throw new TypeError('a gauge reads numbers');
    return [label === undefined ? {} : { [label]: value }, figure];
  });
}
