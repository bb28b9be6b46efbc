import type { Distribution } from './read-histogram.js';

const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One answered request. `route` is the pattern it matched, never its URL: a label must have few values. */
export interface RequestMeasure {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

interface Series extends Distribution {
  readonly labels: Readonly<Pick<RequestMeasure, 'method' | 'route' | 'status'>>;
  sum: number;
}

/** How long requests took, by route, method and status. */
export class RequestDurations {
  private readonly routes = new Map<string, Map<string, Map<number, Series>>>();
  /** Most requests are as the one before. */
  private last: Series | undefined;

  observe({ method, route, status, seconds }: RequestMeasure): void {
    const series = this.seriesOf(method, route, status);
    series.sum += seconds;
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket += 1;
    series.buckets[bucket]! += 1;
  }

  *all(): Generator<Distribution> {
    for (const methods of this.routes.values()) for (const statuses of methods.values()) yield* statuses.values();
  }

  private seriesOf(method: string, route: string, status: number): Series {
    const labels = this.last?.labels;
    if (labels?.status !== status || labels.route !== route || labels.method !== method) {
      this.last = this.routes.get(route)?.get(method)?.get(status) ?? this.begin(method, route, status);
    }
    return this.last!;
  }

  private begin(method: string, route: string, status: number): Series {
    const methods = this.routes.get(route) ?? new Map<string, Map<number, Series>>();
    const statuses = methods.get(method) ?? new Map<number, Series>();
    const series = { labels: { method, route, status }, bounds: BOUNDS, buckets: new Float64Array(BOUNDS.length + 1), sum: 0 };
    this.routes.set(route, methods.set(method, statuses.set(status, series)));
    return series;
  }
}
