import { authorize, type Principal } from '@app/auth';
import { EventStore, poolOf } from '@app/event-store';
import { refKey, ServiceError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { inTurn } from '../sql/rollback-turn.js';
import { advance, beginRollback, getRollback, listRollbacks, putPreview, type Rollback, rolledBack } from '../sql/rollbacks.js';
import { chooseByCorrelation, type Chosen } from '../sql/select-events.js';
import { Travel } from '../travel.js';
import { Compensation, type Events } from './compensation.js';
import { Planner } from './planner.js';
import type { Scope } from './scope.js';

/** A preview that is older is to be made anew. */
const PREVIEW_SECONDS = 15 * 60;
/** Each holds a connection of the pool and needs another one. */
const MOST_AT_ONCE = 3;

interface Done {
  readonly rollback: Rollback;
  readonly events: Events;
}

/**
 * Takes changes back by events that make up for them; nothing is ever deleted. First a preview, then the deed, which can be
 * undone. One that was cut short goes on when it is asked for again, with the events that it began with.
 */
@Injectable()
export class Rollbacks {
  private readonly pool: Pool;
  private readonly planner: Planner;
  private readonly compensation: Compensation;
  /** Those that this instance is at. */
  private readonly underWay = new Set<string>();

  constructor(events: EventStore, travel: Travel, dataSource: DataSource, commands: CommandBus) {
    this.pool = poolOf(dataSource);
    this.planner = new Planner(events, travel, this.pool);
    this.compensation = new Compensation(this.planner, this.pool, commands);
  }

  /** What a rollback would do. Changes nothing. @throws ServiceError INVALID_OPERATION where there is nothing to take back */
  async preview(scope: Scope, principal: Principal): Promise<Rollback> {
    const plans = await this.planner.plans(await this.planner.choose(scope));
    if (plans.length === 0) throw new ServiceError('INVALID_OPERATION', 'there is nothing to take back in this scope');
    for (const { ref } of plans) authorize(principal, 'operate', { aggregateType: ref.type, aggregateId: ref.id });
    return putPreview(this.pool, {
      id: uuidv7(), scope, createdBy: principal.subject,
      affected: plans.map(({ ref, version, diff }) => ({ aggregateType: ref.type, aggregateId: ref.id, version, diff })),
      conflicts: plans.flatMap(({ ref, conflicts }) => conflicts.map((conflict) => ({ aggregateType: ref.type, aggregateId: ref.id, ...conflict }))),
    }, PREVIEW_SECONDS);
  }

  /**
   * Does what was previewed. @param confirm the number of affected aggregates, as a string
   * @throws ServiceError STALE_PREVIEW where anything has changed since, OPERATION_CONFLICT while somebody else is at it; nothing was done then
   */
  execute(id: string, { reason, confirm }: { reason: string; confirm: string }, principal: Principal): Promise<Done> {
    return this.inTurn(id, principal, async (rollback, assertHeld) => {
      if (confirm !== String(rollback.affected.length)) {
        throw new ServiceError('VALIDATION_ERROR', `confirm must be "${rollback.affected.length}", the number of affected aggregates`, { path: '/confirm' });
      }
      const begun = rollback.status === 'executing' ? rollback : await this.begin(rollback, { reason, subject: principal.subject });
      const undoing = { id, correlationId: id, eventType: 'StateRolledBack', reason: begun.reason!, subject: principal.subject };
      const events = await this.compensation.undo(await rolledBack(this.pool, id), undoing, assertHeld);
      return { rollback: await this.end(id, 'executed'), events };
    });
  }

  /** Takes the rollback's own events back, as any others. @throws ServiceError as `execute` does */
  undoIt(id: string, { reason }: { reason: string }, principal: Principal): Promise<Done> {
    return this.inTurn(id, principal, async (_rollback, assertHeld) => {
      const begun = await advance(this.pool, id, 'undoing', { reason, subject: principal.subject });
      if (!begun) throw new ServiceError('STALE_PREVIEW', 'only a rollback that was executed can be undone');
      const chosen = await chooseByCorrelation(this.pool, id, { except: id, limit: Number.MAX_SAFE_INTEGER });
      const undoing = { id, correlationId: uuidv5('undo', id), eventType: 'StateRollbackUndone', reason: begun.undoReason!, subject: principal.subject };
      const events = await this.compensation.undo(chosen, undoing, assertHeld);
      return { rollback: await this.end(id, 'undone'), events };
    });
  }

  /** @throws ServiceError ROLLBACK_NOT_FOUND */
  async get(id: string): Promise<Rollback> {
    const found = await getRollback(this.pool, id);
    if (found) return found;
    throw new ServiceError('ROLLBACK_NOT_FOUND', `there is no rollback ${id}`);
  }

  list(before: number | undefined, limit: number): Promise<Rollback[]> {
    return listRollbacks(this.pool, before, limit);
  }

  /** Works on a rollback, as it is now, while nobody else does. */
  private async inTurn(id: string, principal: Principal, work: (rollback: Rollback, assertHeld: () => void) => Promise<Done>): Promise<Done> {
    const { number, affected } = await this.get(id);
    for (const { aggregateType, aggregateId } of affected) authorize(principal, 'operate', { aggregateType, aggregateId });
    if (this.underWay.has(id)) throw isAtIt();
    if (this.underWay.size >= MOST_AT_ONCE) throw new ServiceError('SERVICE_UNAVAILABLE', 'other rollbacks are under way', undefined, 1);
    this.underWay.add(id);
    try {
      const done = await inTurn(this.pool, number, async (assertHeld) => work(await this.get(id), assertHeld));
      if (!done) throw isAtIt();
      return done;
    } finally {
      this.underWay.delete(id);
    }
  }

  private async begin(rollback: Rollback, by: { reason: string; subject: string }): Promise<Rollback> {
    if (rollback.status !== 'previewed') throw new ServiceError('STALE_PREVIEW', `this rollback is ${rollback.status}`, { status: rollback.status });
    const chosen = await this.planner.choose(rollback.scope);
    await this.assertFresh(rollback, chosen);
    const begun = await beginRollback(this.pool, rollback.id, chosen, by);
    if (!begun) throw stale();
    return begun;
  }

  private async assertFresh({ affected, expiresAt }: Rollback, chosen: readonly Chosen[]): Promise<void> {
    const seen = new Map(affected.map(({ aggregateType, aggregateId, version }) => [`${aggregateType}/${aggregateId}`, version]));
    const now = await this.planner.plans(chosen);
    const isSame = now.length === seen.size && now.every(({ ref, version }) => seen.get(refKey(ref)) === version);
    if (!isSame || expiresAt.getTime() < Date.now()) throw stale();
  }

  /** If it is not the next step any more, somebody took it who came when the lock was lost: what he left is the answer. */
  private async end(id: string, status: 'executed' | 'undone'): Promise<Rollback> {
    return await advance(this.pool, id, status) ?? this.get(id);
  }
}

function stale(): ServiceError {
  return new ServiceError('STALE_PREVIEW', 'what this rollback was previewed on has changed, or another one takes it back: make a new preview');
}

function isAtIt(): ServiceError {
  return new ServiceError('OPERATION_CONFLICT', 'somebody else is at this rollback');
}
