import type { Outcome } from '@app/event-store';
import { ChangeState, PublishEvent } from '@app/game-state';
import { type JsonObject, refKey, ServiceError } from '@app/kernel';
import type { CommandBus } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import { chooseByCorrelation, type Chosen, type Database } from '../sql/select-events.js';
import { type AggregatePlan, changesAnything, type Planner } from './planner.js';

const ATTEMPTS = 10;

export type Events = Outcome['events'];

/** What makes up for events: who does it, and why. */
export interface Undoing {
  readonly id: string;
  /** Of all its events. */
  readonly correlationId: string;
  readonly eventType: string;
  readonly reason: string;
  readonly subject: string;
}

/** Makes up for events by others, whose ids are of its own making: one that was cut short goes on where it was. */
export class Compensation {
  constructor(private readonly planner: Planner, private readonly db: Database, private readonly commands: CommandBus) {}

  /**
   * @param assertHeld throws once this is not the only one at it any more
   * @throws ServiceError SERVICE_UNAVAILABLE where others always write first; what is done stays, and the next one goes on
   */
  async undo(chosen: readonly Chosen[], undoing: Undoing, assertHeld: () => void): Promise<Events> {
    const done = await chooseByCorrelation(this.db, undoing.correlationId, { except: undoing.id, limit: Number.MAX_SAFE_INTEGER });
    const left = chosen.filter(({ ref }) => !done.some((one) => refKey(one.ref) === refKey(ref)));
    const events: Events[number][] = [];
    for (const one of left) {
      assertHeld();
      events.push(...await this.undoOne(one, undoing));
    }
    return events;
  }

  /** Who writes to the aggregate meanwhile is not overwritten: the plan is made anew on what he left. */
  private async undoOne(chosen: Chosen, undoing: Undoing): Promise<Events> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const plan = await this.planner.plan(chosen);
      if (!changesAnything(plan)) return [];
      try {
        return (await this.send(plan, undoing)).events;
      } catch (error) {
        if (!(error instanceof ServiceError && error.error === 'VERSION_CONFLICT')) throw error;
      }
    }
    throw new ServiceError('SERVICE_UNAVAILABLE', `others write to ${refKey(chosen.ref)} all the time: ask again, and it goes on`, undefined, 1);
  }

  private send({ ref, version, changes, deletes }: AggregatePlan, { id, correlationId, eventType, reason, subject }: Undoing): Promise<Outcome> {
    const context = { actor: subject, correlationId, metadata: { rollbackId: id, reason } };
    if (deletes) return this.commands.execute(new ChangeState(ref, { kind: 'delete', expectedVersion: version, compensates: true }, context));
    const eventData: JsonObject = { rollbackId: id, reason };
    return this.commands.execute(new PublishEvent(
      ref, { eventId: uuidv5(`${eventType} ${refKey(ref)}`, id), eventType, eventData, stateChanges: changes, expectedVersion: version, compensates: true },
      context));
  }
}
