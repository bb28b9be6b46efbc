import type { EventStore } from '@app/event-store';
import { type JsonObject, ServiceError } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import { parkIn, statesOf, typesOf } from './states-target.js';

/** Goes back to the build of the states before the last rebuild; see `StateBuilds`. */
export class StatesRevert implements OperationKind {
  readonly unit = 'events';
  readonly targets = statesOf;

  constructor(private readonly events: EventStore) {}

  async prepare(parameters: JsonObject): Promise<JsonObject> {
    if (await this.events.builds.canRevert(typesOf(parameters))) return parameters;
    throw new ServiceError('INVALID_OPERATION', 'there is no build of the states to go back to');
  }

  async run(context: OperationContext): Promise<JsonObject> {
    const { builds } = this.events;
    const { signal } = context;
    const known = context.saved?.['reverted'] as JsonObject | undefined;
    const result = known ?? await builds.revert(typesOf(context.parameters), {
      signal,
      parked: parkIn(this.events),
      saved: async (client, { done, total }, reverted) => {
        context.progress(done, total);
        await context.save({ ...(reverted && { reverted: reverted as unknown as JsonObject }) }, done, client);
      },
    });
    await builds.drop(signal);
    return { ...result } as unknown as JsonObject;
  }
}
