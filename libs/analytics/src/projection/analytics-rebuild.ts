import { type EventStore, inTransaction } from '@app/event-store';
import { type JsonObject, ServiceError } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import type { PoolClient } from 'pg';
import type { AnalyticsOptions } from '../analytics-options.js';
import { addBuild, goLive, readBuilds } from '../sql/builds.js';
import { compareBuilds, type FiguresDifference } from '../sql/compare-builds.js';
import { AnalyticsBuild, consumerOf, type Saved } from './analytics-build.js';
import { ANALYTICS } from './analytics-projection.js';
import { firstWholeDay, HOURS_A_DAY, hourOf, KEPT_DAYS } from './hours.js';

/** The operation's name. */
export const REBUILD_ANALYTICS = 'rebuild-analytics';

const MOST_SAMPLES = 20;

/** Figures are not those that they would replace. */
class FiguresDiffer extends Error {
  override readonly name = 'FiguresDiffer';

  constructor(found: readonly FiguresDifference[]) {
    const some = found.slice(0, MOST_SAMPLES).map(({ figures, day, rows, liveRows }) => `${figures} of ${day} (${rows} rows, live ${liveRows})`);
    super(`figures differ from the live ones, which was not accepted: ${some.join(', ')}${found.length > some.length ? ' and others' : ''}`);
  }
}

/**
 * Counts the log again from its beginning into a build of its own, while the live one is served and counted on; holds it against that one
 * where both stand at the same position, puts it in its place, and keeps that one to go back to.
 */
export class AnalyticsRebuild implements OperationKind {
  readonly unit = 'events';
  readonly isElsewhere: boolean;

  constructor(private readonly events: EventStore, private readonly options: AnalyticsOptions) {
    this.isElsewhere = !options.counts;
  }

  prepare(parameters: JsonObject): JsonObject {
    return ofAllTypes(parameters);
  }

  targets(): readonly string[] {
    return [ANALYTICS];
  }

  async run(context: OperationContext): Promise<JsonObject> {
    const saved = context.saved?.['build'] === undefined ? await this.begin(context) : context.saved as Saved;
    const build = new AnalyticsBuild(this.events, this.options, context, saved.build);
    try {
      const { live } = await readBuilds(this.options.pool);
      const { build: _build, phase, ...found } = saved;
      const differences = phase === 'count'
        ? await build.count((client, position) => this.swap(client, { live, build: saved.build, position }, context.parameters), {
          keptAs: consumerOf(live), mayLead: context.parameters['acceptDifferences'] === true,
        })
        : found;
      await build.sweep();
      return { build: saved.build, parked: await build.parked(), ...differences };
    } catch (error) {
      if (error instanceof FiguresDiffer) await this.giveUp(context, build);
      throw error;
    }
  }

  private begin(context: OperationContext): Promise<Saved> {
    const { projections } = this.events;
    return inTransaction(this.options.pool, async (client) => {
      const { live, newest: build } = await addBuild(client);
      // Those that were given up on the way.
      for (let n = live + 1; n < build; n += 1) await projections.abandon(client, consumerOf(n));
      await projections.prepare(client, consumerOf(build));
      const saved: Saved = { build, phase: 'count' };
      await context.save(saved, 0, client);
      return saved;
    });
  }

  private async swap(client: PoolClient, { live, build, position }: { live: number; build: number; position: number }, { acceptDifferences }: JsonObject): Promise<JsonObject> {
    const now = hourOf((this.options.now ?? Date.now)());
    // Of older days one build may have dropped more than the other.
    const found = await compareBuilds(client, { live, build }, { fromDay: firstWholeDay(now - KEPT_DAYS * HOURS_A_DAY), now });
    if (found.length > 0 && acceptDifferences !== true) throw new FiguresDiffer(found);
    const { previous } = await readBuilds(client);
    if (previous) await this.events.projections.abandon(client, consumerOf(previous.build)); // somebody may have begun to go back to it
    await goLive(client, build, position);
    return { differences: found.length, samples: found.slice(0, MOST_SAMPLES).map((each) => ({ ...each })) };
  }

  /** Who resumes it begins with another build. */
  private async giveUp(context: OperationContext, build: AnalyticsBuild): Promise<void> {
    await inTransaction(this.options.pool, async (client) => {
      await this.events.projections.abandon(client, consumerOf(build.build));
      await context.save({}, 0, client);
    });
    await build.sweep();
  }
}

/** @throws ServiceError VALIDATION_ERROR */
export function ofAllTypes({ aggregateType, ...parameters }: JsonObject): JsonObject {
  if (aggregateType === undefined) return parameters;
  throw new ServiceError('VALIDATION_ERROR', 'analytics are counted of all aggregate types together', { path: '/aggregateType' });
}
