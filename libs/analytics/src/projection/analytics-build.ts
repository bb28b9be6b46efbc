import { type EventStore, inTransaction } from '@app/event-store';
import type { JsonObject } from '@app/kernel';
import type { OperationContext } from '@app/operations';
import type { PoolClient } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnalyticsOptions } from '../analytics-options.js';
import { readBuilds } from '../sql/builds.js';
import { dropBuilds } from '../sql/drop-figures.js';
import { ANALYTICS, AnalyticsProjection } from './analytics-projection.js';

/** Where an operation on builds stands: counting into its build, or that is live and others are dropped. */
export type Saved = { readonly build: number; readonly phase: 'count' | 'sweep' } & JsonObject;

const REST_MS = 100;

/** A build of the figures beside the live one: counted up to where that one stands, and put in its place. */
export class AnalyticsBuild {
  constructor(
    private readonly events: EventStore, private readonly options: AnalyticsOptions, private readonly context: OperationContext, readonly build: number,
  ) {}

  /**
   * @param swap makes it the live one, in the transaction that holds both where they stand; what it returns is kept
   * @param keptAs under which the live one may be gone back to
   * @param mayLead whether it may take the place of a live one that is behind, and so cannot be held against it
   */
  async count(
    swap: (client: PoolClient, position: number) => Promise<JsonObject>, { keptAs, mayLead }: { readonly keptAs?: string; readonly mayLead: boolean },
  ): Promise<JsonObject> {
    const { events: { projections }, context, build } = this;
    const successor = consumerOf(build);
    const { handle } = new AnalyticsProjection(this.options.region, this.options.now, build);
    const live = new AnalyticsProjection(this.options.region, this.options.now);
    let swapped: JsonObject = {};
    for (let isReplaced = false; !isReplaced;) {
      context.signal.throwIfAborted();
      const { position: head } = await this.events.head();
      const look = await projections.step(successor, handle, (client, done) => context.save({ build, phase: 'count' }, done, client));
      if (look) context.progress(look.position, Math.max(head, look.position));
      else await sleep(REST_MS);
      if (!look || look.position < head) continue;
      // It rests between batches, and would be overtaken again and again.
      if (!mayLead) await projections.step(ANALYTICS, live.handle);
      isReplaced = await projections.replace(ANALYTICS, { successor, keptAs, mayLead }, handle, async (client, done) => {
        swapped = await swap(client, done);
        await context.save({ ...swapped, build, phase: 'sweep' }, done, client);
      });
    }
    return swapped;
  }

  /** Drops all builds but the live one and the one to go back to. */
  async sweep(): Promise<void> {
    const { live, newest, previous } = await readBuilds(this.options.pool);
    const gone = Array.from({ length: newest + 1 }, (_, build) => build).filter((build) => build !== live && build !== previous?.build);
    for (let isDone = false; !isDone;) {
      this.context.signal.throwIfAborted();
      isDone = await inTransaction(this.options.pool, (client) => dropBuilds(client, gone));
    }
  }

  /** Aggregates that the live figures lack. */
  async parked(): Promise<number> {
    return (await this.events.projections.status()).find(({ name }) => name === ANALYTICS)?.parked ?? 0;
  }
}

/** The consumer that counts into a build that is not live. */
export function consumerOf(build: number): string {
  return `${ANALYTICS}-${build}`;
}
