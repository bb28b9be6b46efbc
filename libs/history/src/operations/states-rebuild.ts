import { type EventStore, StatesDiffer } from '@app/event-store';
import type { JsonObject } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import { parkIn, statesOf, typesOf } from './states-target.js';

/** Builds the states anew and makes the new build live; see `StateBuilds`. */
export class StatesRebuild implements OperationKind {
  readonly unit = 'events';
  readonly targets = statesOf;

  constructor(private readonly events: EventStore) {}

  async run(context: OperationContext): Promise<JsonObject> {
    const { builds } = this.events;
    const build = await this.open(context);
    try {
      const result = await builds.rebuild(build, {
        acceptDifferences: context.parameters['acceptDifferences'] === true,
        signal: context.signal,
        parked: parkIn(this.events),
        saved: async (client, { done, total }) => {
          context.progress(done, total);
          await context.save({ build }, done, client);
        },
      });
      await builds.drop(context.signal);
      return { ...result } as unknown as JsonObject;
    } catch (error) {
      if (error instanceof StatesDiffer) {
        await context.save({}, 0); // that build is gone: who resumes this begins with another one
        await builds.drop(context.signal);
      }
      throw error;
    }
  }

  private async open(context: OperationContext): Promise<number> {
    const known = context.saved?.['build'];
    if (typeof known === 'number') return known;
    const build = await this.events.builds.open(typesOf(context.parameters));
    await context.save({ build }, 0);
    return build;
  }
}
