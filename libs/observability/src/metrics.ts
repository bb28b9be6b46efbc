import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'gss_';
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const APPEND_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** How a command can end, as the append path tells it. */
export const APPEND_VERDICTS = ['appended', 'conflict', 'duplicate', 'refused', 'overloaded', 'failed'] as const;
/** One of `APPEND_VERDICTS`; the value of the label `verdict`. */
export type AppendVerdictLabel = (typeof APPEND_VERDICTS)[number];

/** One answered request. `route` is the pattern it matched, never its URL: a label must have few values. */
export interface RequestMeasure {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/**
 * All figures of one process, on a registry of their own, so that two services in one process do not mix. Every name
 * begins with `gss_`; times are seconds. Observes the append path too: bind it where an `AppendObserver` is asked for.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = this.histogram('http_request_duration_seconds', 'From request to response, by route.',
    REQUEST_SECONDS, ['method', 'route', 'status']);
  private readonly appends = this.histogram('append_duration_seconds', 'From sent to durable.', APPEND_SECONDS);
  private readonly groupCommands = this.histogram('append_group_commands', 'Commands in a group.', GROUP_SIZES);
  private readonly groupEvents = this.histogram('append_group_events', 'Events in a group.', GROUP_SIZES);
  private readonly verdicts = this.counter('append_verdicts_total', 'Commands by how they ended.', 'verdict');
  private readonly unreadable = this.counter('gauge_failures_total', 'Gauges left out of a scrape.', 'gauge');

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: PREFIX });
    // A series that is there from the start has a rate from its first event on.
    for (const verdict of APPEND_VERDICTS) this.verdicts.inc({ verdict }, 0);
  }

  /** What the registry's text is, for the header of the answer. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything as Prometheus text; registered gauges are read now. */
  render(): Promise<string> {
    return this.registry.metrics();
  }

  /** One request was answered. */
  requestObserved({ method, route, status, seconds }: RequestMeasure): void {
    this.requests.observe({ method, route, status }, seconds);
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
   * @throws Error if the name is taken
   */
  gauge(name: string, help: string, read: () => number): void;
  gauge(name: string, help: string, read: () => Readonly<Record<string, number>>, label: string): void;
  gauge(name: string, help: string, read: () => Reading, label?: string): void {
    const { unreadable } = this;
    new Gauge({
      name: PREFIX + name,
      help,
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

  private histogram<Label extends string>(
    name: string, help: string, buckets: number[], labelNames: Label[] = [],
  ): Histogram<Label> {
    return new Histogram<Label>({ name: PREFIX + name, help, buckets, labelNames, registers: [this.registry] });
  }

  private counter<Label extends string>(name: string, help: string, label: Label): Counter<Label> {
    return new Counter<Label>({ name: PREFIX + name, help, labelNames: [label], registers: [this.registry] });
  }
}

type Reading = number | Readonly<Record<string, number>>;

function figuresOf(reading: Reading, label?: string): (readonly [labels: Record<string, string>, figure: number])[] {
  const entries = typeof reading === 'number' ? [['', reading] as const] : Object.entries(reading);
  return entries.map(([value, figure]) => {
    if (!Number.isFinite(figure)) throw new TypeError('a gauge reads numbers');
    return [label === undefined ? {} : { [label]: value }, figure];
  });
}
