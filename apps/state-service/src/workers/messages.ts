import type { MetricsSnapshot } from '@app/observability';
import type { Config } from '../config.js';

/** What the primary settled for its workers: they find, start and migrate nothing themselves. */
export interface Assignment {
  readonly port: number;
  readonly databaseUrl: string;
  readonly jwtKey: NonNullable<Config['jwtKey']>;
  /** When the primary began: the age of the instance, whichever worker tells it. */
  readonly startedAt: number;
}

/** What workers tell of themselves, so that any of them can speak for all. */
export interface Figures {
  readonly metrics: MetricsSnapshot;
  /** Open sockets. */
  readonly connections: number;
}
export type Figure = keyof Figures;

/** From the primary to a worker. */
export type Order =
  | { readonly kind: 'assigned'; readonly assignment: Assignment }
  | { readonly kind: 'drain' }
  | { readonly kind: 'report'; readonly id: number; readonly figure: Figure }
  | { readonly kind: 'gathered'; readonly id: number; readonly reports: readonly Figures[Figure][] };

/** From a worker to the primary. */
export type Word =
  /** It listens to orders now: Node drops those that were sent before. */
  | { readonly kind: 'present' }
  | { readonly kind: 'ready'; readonly url: string; readonly port: number }
  | { readonly kind: 'failed'; readonly line: string }
  | { readonly kind: 'gather'; readonly id: number; readonly figure: Figure }
  | { readonly kind: 'reported'; readonly id: number; readonly report: Figures[Figure] };

/** A worker that has not reported by then is left out of what another one gathers. */
export const REPORT_WITHIN_MS: Readonly<Record<Figure, number>> = { metrics: 1000, connections: 150 };
