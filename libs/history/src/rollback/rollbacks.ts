import { authorize, type Principal } from '@app/auth';
import { EventStore, type Outcome, poolOf } from '@app/event-store';
import { ChangeState, PublishEvent } from '@app/game-state';
import { type JsonObject, refKey, ServiceError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { advance, getRollback, listRollbacks, noteRolledBack, putPreview, type Rollback } from '../sql/rollbacks.js';
import { chooseByCorrelation, type Chosen, type Database } from '../sql/select-events.js';
import { Travel } from '../travel.js';
import { type AggregatePlan, Planner } from './planner.js';
import type { Scope } from './scope.js';

/** A preview that is older is to be made anew. */
const PREVIEW_SECONDS = 15 * 60;
const ATTEMPTS = 10;

type Events = Outcome['events'];

interface Undoing {
  readonly id: string;
  /** Of all its events. */
  readonly correlationId: string;
  readonly eventType: string;
  readonly reason: string;
  readonly subject: string;
}

/**
 * Takes changes back by events that make up for them; nothing is ever deleted. First a preview, then the deed, which can be
 * undone. Its events have ids of their own making, so that one that was cut short goes on when it is asked for again.
 */
@Injectable()
export class Rollbacks {
  private readonly db: Database;
  private readonly planner: Planner;

  constructor(events: EventStore, travel: Travel, dataSource: DataSource, private readonly commands: CommandBus) {
    this.db = poolOf(dataSource);
    this.planner = new Planner(events, travel, this.db);
  }

  /** What a rollback would do. Changes nothing. @throws ServiceError INVALID_OPERATION where there is nothing to take back */
  async preview(scope: Scope, principal: Principal): Promise<Rollback> {
    const plans = (await this.plans(await this.planner.choose(scope))).filter(changesAnything);
    if (plans.length === 0) throw new ServiceError('INVALID_OPERATION', 'there is nothing to take back in this scope');
    for (const { ref } of plans) authorize(principal, 'operate', { aggregateType: ref.type, aggregateId: ref.id });
    return putPreview(this.db, {
      id: uuidv7(), scope, createdBy: principal.subject,
      affected: plans.map(({ ref, version, diff }) => ({ aggregateType: ref.type, aggregateId: ref.id, version, diff })),
      conflicts: plans.flatMap(({ ref, conflicts }) => conflicts.map((conflict) => ({ aggregateType: ref.type, aggregateId: ref.id, ...conflict }))),
    }, PREVIEW_SECONDS);
  }

  /**
   * Does what was previewed. @param confirm the number of affected aggregates, as a string
   * @throws ServiceError STALE_PREVIEW where anything has changed since; nothing was done then
   */
  async execute(id: string, { reason, confirm }: { reason: string; confirm: string }, principal: Principal): Promise<{ rollback: Rollback; events: Events }> {
    const rollback = await this.get(id);
    authorizeAll(principal, rollback);
    if (rollback.status !== 'previewed' && rollback.status !== 'executing') {
      throw new ServiceError('STALE_PREVIEW', `this rollback is ${rollback.status}`, { status: rollback.status });
    }
    if (confirm !== String(rollback.affected.length)) {
      throw new ServiceError('VALIDATION_ERROR', `confirm must be "${rollback.affected.length}", the number of affected aggregates`, { path: '/confirm' });
    }
    const chosen = await this.planner.choose(rollback.scope, id);
    if (rollback.status === 'previewed') await this.assertFresh(rollback, chosen);
    await noteRolledBack(this.db, id, chosen);
    const begun = await advance(this.db, id, 'executing', { reason, subject: principal.subject });
    if (!begun) throw stale();
    const events = await this.undo(chosen, { id, correlationId: id, eventType: 'StateRolledBack', reason: begun.reason!, subject: principal.subject });
    return { rollback: (await advance(this.db, id, 'executed'))!, events };
  }

  /** Takes the rollback's own events back, as any others. */
  async undoIt(id: string, { reason }: { reason: string }, principal: Principal): Promise<{ rollback: Rollback; events: Events }> {
    authorizeAll(principal, await this.get(id));
    const begun = await advance(this.db, id, 'undoing', { reason, subject: principal.subject });
    if (!begun) throw new ServiceError('STALE_PREVIEW', 'only a rollback that was executed can be undone');
    const chosen = await chooseByCorrelation(this.db, id, { except: id, limit: Number.MAX_SAFE_INTEGER });
    const correlationId = uuidv5('undo', id);
    const events = await this.undo(chosen, { id, correlationId, eventType: 'StateRollbackUndone', reason: begun.undoReason!, subject: principal.subject });
    return { rollback: (await advance(this.db, id, 'undone'))!, events };
  }

  /** @throws ServiceError ROLLBACK_NOT_FOUND */
  async get(id: string): Promise<Rollback> {
    const found = await getRollback(this.db, id);
    if (found) return found;
    throw new ServiceError('ROLLBACK_NOT_FOUND', `there is no rollback ${id}`);
  }

  list(before: number | undefined, limit: number): Promise<Rollback[]> {
    return listRollbacks(this.db, before, limit);
  }

  private async assertFresh({ affected, expiresAt }: Rollback, chosen: readonly Chosen[]): Promise<void> {
    const seen = new Map(affected.map(({ aggregateType, aggregateId, version }) => [`${aggregateType}/${aggregateId}`, version]));
    const now = (await this.plans(chosen)).filter(changesAnything);
    const isSame = now.length === seen.size && now.every(({ ref, version }) => seen.get(refKey(ref)) === version);
    if (!isSame || expiresAt.getTime() < Date.now()) throw stale();
  }

  private async plans(chosen: readonly Chosen[]): Promise<AggregatePlan[]> {
    const plans: AggregatePlan[] = [];
    for (const one of chosen) plans.push(await this.planner.plan(one));
    return plans;
  }

  private async undo(chosen: readonly Chosen[], undoing: Undoing): Promise<Events> {
    const done = await chooseByCorrelation(this.db, undoing.correlationId, { except: undoing.id, limit: Number.MAX_SAFE_INTEGER });
    const left = chosen.filter(({ ref }) => !done.some((one) => refKey(one.ref) === refKey(ref)));
    const events: Events[number][] = [];
    for (const one of left) events.push(...await this.undoOne(one, undoing));
    return events;
  }

  /** Who writes to the aggregate meanwhile is not overwritten: the plan is made anew on what he left. */
  private async undoOne(chosen: Chosen, undoing: Undoing): Promise<Events> {
    for (let attempt = 1; ; attempt += 1) {
      const plan = await this.planner.plan(chosen);
      if (!changesAnything(plan)) return [];
      try {
        return (await this.send(plan, undoing)).events;
      } catch (error) {
        const isLost = error instanceof ServiceError && error.error === 'VERSION_CONFLICT';
        if (!isLost || attempt === ATTEMPTS) throw error;
      }
    }
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

function changesAnything({ changes, deletes }: AggregatePlan): boolean {
  return deletes || Object.keys(changes).length > 0;
}

function authorizeAll(principal: Principal, { affected }: Rollback): void {
  for (const { aggregateType, aggregateId } of affected) authorize(principal, 'operate', { aggregateType, aggregateId });
}

function stale(): ServiceError {
  return new ServiceError('STALE_PREVIEW', 'what this rollback was previewed on has changed: make a new preview');
}
