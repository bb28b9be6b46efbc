import { type EventStore, inTransaction } from '@app/event-store';
import { type JsonObject, ServiceError } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import type { AnalyticsOptions } from '../analytics-options.js';
import { goBack, readBuilds } from '../sql/builds.js';
import { AnalyticsBuild, consumerOf, type Saved } from './analytics-build.js';
import { ANALYTICS } from './analytics-projection.js';
import { ofAllTypes } from './analytics-rebuild.js';

/** The operation's name. */
export const REVERT_ANALYTICS = 'revert-analytics';

/** Counts what the build before the live one missed, and puts it in the place of that one. Once: there is one to go back to. */
export class AnalyticsRevert implements OperationKind {
  readonly unit = 'events';
  readonly isElsewhere: boolean;

  constructor(private readonly events: EventStore, private readonly options: AnalyticsOptions) {
    this.isElsewhere = !options.counts;
  }

  async prepare(parameters: JsonObject): Promise<JsonObject> {
    const given = ofAllTypes(parameters);
    if ((await readBuilds(this.options.pool)).previous) return given;
    throw new ServiceError('INVALID_OPERATION', 'there is no build of the figures to go back to');
  }

  targets(): readonly string[] {
    return [ANALYTICS];
  }

  async run(context: OperationContext): Promise<JsonObject> {
    const saved = context.saved as Saved | undefined ?? await this.begin(context);
    const build = new AnalyticsBuild(this.events, this.options, context, saved.build);
    if (saved.phase === 'count') {
      await build.count(async (client) => {
        await goBack(client);
        return {};
      }, { mayLead: true });
    }
    await build.sweep();
    return { build: saved.build, parked: await build.parked() };
  }

  private begin(context: OperationContext): Promise<Saved> {
    return inTransaction(this.options.pool, async (client) => {
      const { previous } = await readBuilds(client);
      if (!previous) throw new Error('there is no build before this one');
      await this.events.projections.revive(client, consumerOf(previous.build), previous.position);
      const saved: Saved = { build: previous.build, phase: 'count' };
      await context.save(saved, previous.position, client);
      return saved;
    });
  }
}
