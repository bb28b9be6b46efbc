import type { Outcome } from '@app/event-store';
import { ChangeState, type ContextOf, PublishEvent } from '@app/game-state';
import { type AggregateRef, type JsonObject, refKey, ServiceError } from '@app/kernel';
import type { CommandBus } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import type { Turn } from '../sql/rollback-turn.js';
import { compensated, type Database } from '../sql/select-events.js';
import type { Act } from './in-force.js';
import { type AggregatePlan, changesAnything, type Planner } from './planner.js';

const ATTEMPTS = 10;

export type Events = Outcome['events'];

/** What makes up for events: who does it, and why. */
export interface Undoing extends Pick<Act, 'rollbackId' | 'kind'> {
  /** Of all its events. */
  readonly correlationId: string;
  readonly eventType: string;
  readonly reason: string;
  /** Of the request that asks for it. */
  readonly contextOf: ContextOf;
}

/** Makes up for events by others, whose ids are of its own making: one that was cut short goes on where it was. */
export class Compensation {
  constructor(private readonly planner: Planner, private readonly db: Database, private readonly commands: CommandBus) {}

  /** @throws ServiceError SERVICE_UNAVAILABLE where others always write first; what is done stays, and the next one goes on */
  async makeUp(refs: readonly AggregateRef[], undoing: Undoing, turn: Turn): Promise<Events> {
    const done = new Set((await compensated(this.db, undoing.correlationId)).map(refKey));
    const events: Events[number][] = [];
    for (const ref of refs.filter((one) => !done.has(refKey(one)))) {
      turn.assertHeld();
      events.push(...await turn.on(ref, () => this.one(ref, undoing)));
    }
    return events;
  }

  /** Who writes to the aggregate meanwhile is not overwritten: the plan is made anew on what he left. */
  private async one(ref: AggregateRef, undoing: Undoing): Promise<Events> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const plan = await this.planner.plan(ref, undoing);
      if (!changesAnything(plan)) return [];
      try {
        return (await this.send(plan, undoing)).events;
      } catch (error) {
        if (!(error instanceof ServiceError && error.error === 'VERSION_CONFLICT')) throw error;
      }
    }
    throw new ServiceError('SERVICE_UNAVAILABLE', `others write to ${refKey(ref)} all the time: ask again, and it goes on`, undefined, 1);
  }

  private send({ ref, version, changes, deletes }: AggregatePlan, { rollbackId, correlationId, eventType, reason, contextOf }: Undoing): Promise<Outcome> {
    const context = contextOf({ correlationId, metadata: { rollbackId, reason } });
    if (deletes) return this.commands.execute(new ChangeState(ref, { kind: 'delete', expectedVersion: version, compensates: true }, context));
    const eventData: JsonObject = { rollbackId, reason };
    const eventId = uuidv5(`${eventType} ${refKey(ref)}`, rollbackId);
    return this.commands.execute(new PublishEvent(
      ref, { eventId, eventType, eventData, stateChanges: changes, expectedVersion: version, compensates: true }, context));
  }
}
