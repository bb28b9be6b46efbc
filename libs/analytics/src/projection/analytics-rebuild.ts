import { type EventStore, inTransaction } from '@app/event-store';
import { type JsonObject, ServiceError } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnalyticsOptions } from '../analytics-options.js';
import { addBuild, goLive } from '../sql/builds.js';
import { dropBuildsBefore } from '../sql/drop-figures.js';
import { ANALYTICS, AnalyticsProjection } from './analytics-projection.js';

/** The operation's name. */
export const REBUILD_ANALYTICS = 'rebuild-analytics';

/** Where a rebuild stands: counting into its build, or that is live and older ones are dropped. */
type Saved = { readonly build: number; readonly phase: 'count' | 'sweep' };

const REST_MS = 100;

/**
 * Counts the log again from its beginning into a build of its own, while the live one is served and counted on; puts it in the place of
 * that one where both stand at the same position, and drops what is old.
 */
export class AnalyticsRebuild implements OperationKind {
  readonly unit = 'events';
  readonly isElsewhere: boolean;

  constructor(private readonly events: EventStore, private readonly options: AnalyticsOptions) {
    this.isElsewhere = !options.counts;
  }

  prepare({ aggregateType, acceptDifferences: _accepted, ...parameters }: JsonObject): JsonObject {
    if (aggregateType === undefined) return parameters;
    throw new ServiceError('VALIDATION_ERROR', 'analytics are counted of all aggregate types together', { path: '/aggregateType' });
  }

  targets(): readonly string[] {
    return [ANALYTICS];
  }

  async run(context: OperationContext): Promise<JsonObject> {
    const saved = context.saved as Saved | undefined ?? await this.begin(context);
    const { build } = saved;
    if (saved.phase === 'count') await this.count(context, build);
    await this.sweep(context, build);
    const live = (await this.events.projections.status()).find(({ name }) => name === ANALYTICS);
    return { build, parked: live?.parked ?? 0 };
  }

  private begin(context: OperationContext): Promise<Saved> {
    const { projections } = this.events;
    return inTransaction(this.options.pool, async (client) => {
      const { live, newest: build } = await addBuild(client);
      // Those that were given up on the way.
      for (let n = live + 1; n < build; n += 1) await projections.abandon(client, successorOf(n));
      await projections.prepare(client, successorOf(build));
      const saved: Saved = { build, phase: 'count' };
      await context.save(saved, 0, client);
      return saved;
    });
  }

  private async count(context: OperationContext, build: number): Promise<void> {
    const { projections } = this.events;
    const successor = successorOf(build);
    const { handle } = new AnalyticsProjection(this.options.region, this.options.now, build);
    for (let isReplaced = false; !isReplaced;) {
      context.signal.throwIfAborted();
      const { position: head } = await this.events.head();
      const look = await projections.step(successor, handle, (client, done) => context.save({ build, phase: 'count' }, done, client));
      if (look) context.progress(look.position, Math.max(head, look.position));
      else await sleep(REST_MS);
      if (!look || look.position < head) continue;
      isReplaced = await projections.replace(ANALYTICS, successor, handle, async (client, done) => {
        await goLive(client, build);
        await context.save({ build, phase: 'sweep' }, done, client);
      });
    }
  }

  private async sweep(context: OperationContext, build: number): Promise<void> {
    for (let isDone = false; !isDone;) {
      context.signal.throwIfAborted();
      isDone = await inTransaction(this.options.pool, (client) => dropBuildsBefore(client, build));
    }
  }
}

/** The consumer that counts into a build until it is live. */
function successorOf(build: number): string {
  return `${ANALYTICS}-${build}`;
}
