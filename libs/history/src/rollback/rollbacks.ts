import { authorize, type Principal } from '@app/auth';
import { EventStore, poolOf, whenReachable } from '@app/event-store';
import type { ContextOf } from '@app/game-state';
import { type AggregateRef, type AggregateType, canonicalJson, refKey, ServiceError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { inTurn, type Turn } from '../sql/rollback-turn.js';
import {
  advance, beginRollback, beginUndo, getRollback, listRollbacks, type ListedRollback, putPreview, type Rollback, rolledBack,
} from '../sql/rollbacks.js';
import type { Chosen } from '../sql/select-events.js';
import { Travel } from '../travel.js';
import { Compensation, type Events } from './compensation.js';
import { Planner } from './planner.js';
import type { Scope } from './scope.js';

/** A preview that is older is to be made anew. */
const PREVIEW_SECONDS = 15 * 60;
/** Each holds a connection of the pool and needs another one. */
const MOST_AT_ONCE = 3;

export interface Done {
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
  preview(scope: Scope, principal: Principal): Promise<Rollback> {
    return whenReachable(async () => {
      const chosen = await this.planner.choose(scope);
      if (chosen.length === 0) throw new ServiceError('INVALID_OPERATION', 'there is nothing to take back in this scope');
      assertMayOperate(principal, chosen.map(({ ref }) => ref));
      const plans = await this.planner.previews(chosen);
      return putPreview(this.pool, {
        id: uuidv7(), scope, createdBy: principal.subject,
        affected: plans.map(({ ref, version, diff }) => ({ aggregateType: ref.type, aggregateId: ref.id, version, diff })),
        conflicts: plans.flatMap(({ ref, conflicts }) => conflicts.map((conflict) => ({ aggregateType: ref.type, aggregateId: ref.id, ...conflict }))),
      }, PREVIEW_SECONDS);
    });
  }

  /**
   * Does what was previewed. @param confirm the number of affected aggregates, as a string
   * @throws ServiceError STALE_PREVIEW where anything has changed since, OPERATION_CONFLICT while somebody else is at it; nothing was done then
   */
  execute(id: string, { reason, confirm }: { reason: string; confirm: string }, principal: Principal, contextOf: ContextOf): Promise<Done> {
    return this.inTurn(id, principal, async (rollback, turn) => {
      if (confirm !== String(rollback.affected.length)) {
        throw new ServiceError('VALIDATION_ERROR', `confirm must be "${rollback.affected.length}", the number of affected aggregates`, { path: '/confirm' });
      }
      const begun = rollback.status === 'executing' ? rollback : await this.begin(rollback, { reason, subject: principal.subject });
      const undoing = { rollbackId: id, kind: 'taken' as const, correlationId: id, eventType: 'StateRolledBack', reason: begun.reason!, contextOf };
      const events = await this.compensation.makeUp(await rolledBack(this.pool, id), undoing, turn);
      return { rollback: await this.end(id, 'executed'), events };
    });
  }

  /** Gives back what a rollback took, also one that was cut short. @throws ServiceError as `execute` does */
  undoIt(id: string, { reason }: { reason: string }, principal: Principal, contextOf: ContextOf): Promise<Done> {
    return this.inTurn(id, principal, async (rollback, turn) => {
      const begun = rollback.status === 'undoing' ? rollback : await beginUndo(this.pool, id, { reason, subject: principal.subject });
      if (!begun) throw new ServiceError('STALE_PREVIEW', `only a rollback that was executed can be undone: this one is ${rollback.status}`, { status: rollback.status });
      const undoing = {
        rollbackId: id, kind: 'undone' as const, correlationId: uuidv5('undo', id), eventType: 'StateRollbackUndone', reason: begun.undoReason!, contextOf,
      };
      const events = await this.compensation.makeUp(await rolledBack(this.pool, id), undoing, turn);
      return { rollback: await this.end(id, 'undone'), events };
    });
  }

  /** @throws ServiceError ROLLBACK_NOT_FOUND, FORBIDDEN for who may not see all of its aggregates */
  async get(id: string, principal: Principal): Promise<Rollback> {
    const found = await this.find(id);
    assertMayOperate(principal, found.affected.map(({ aggregateType: type, aggregateId }) => ({ type, id: aggregateId })));
    return found;
  }

  /** Those of whose aggregates the principal may see all. */
  list(before: number | undefined, limit: number, { aggregateTypes }: Principal): Promise<ListedRollback[]> {
    return whenReachable(() => listRollbacks(this.pool, before, aggregateTypes, limit));
  }

  private async find(id: string): Promise<Rollback> {
    const found = await whenReachable(() => getRollback(this.pool, id));
    if (found) return found;
    throw new ServiceError('ROLLBACK_NOT_FOUND', `there is no rollback ${id}`);
  }

  /** Works on a rollback, as it is now, while nobody else does. */
  private async inTurn(id: string, principal: Principal, work: (rollback: Rollback, turn: Turn) => Promise<Done>): Promise<Done> {
    const { number } = await this.get(id, principal);
    if (this.underWay.has(id)) throw isAtIt();
    if (this.underWay.size >= MOST_AT_ONCE) throw new ServiceError('SERVICE_UNAVAILABLE', 'other rollbacks are under way', undefined, 1);
    this.underWay.add(id);
    try {
      const done = await whenReachable(() => inTurn(this.pool, number, async (turn) => work(await this.find(id), turn)));
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
    if (expiresAt.getTime() < Date.now()) throw stale();
    const seen = affected.map(({ aggregateType: type, aggregateId: id, version, diff }) => [refKey({ type, id }), version, diff]);
    const now = (await this.planner.previews(chosen)).map(({ ref, version, diff }) => [refKey(ref), version, diff]);
    if (canonicalJson(seen) !== canonicalJson(now)) throw stale();
  }

  /** If it is not the next step any more, somebody took it who came when the lock was lost: what he left is the answer. */
  private async end(id: string, status: 'executed' | 'undone'): Promise<Rollback> {
    return await advance(this.pool, id, status) ?? this.find(id);
  }
}

function assertMayOperate(principal: Principal, refs: readonly AggregateRef[]): void {
  for (const { type, id } of refs) authorize(principal, 'operate', { aggregateType: type as AggregateType, aggregateId: id });
}

function stale(): ServiceError {
  return new ServiceError('STALE_PREVIEW', 'what this rollback was previewed on has changed, or another one takes it back: make a new preview');
}

function isAtIt(): ServiceError {
  return new ServiceError('OPERATION_CONFLICT', 'somebody else is at this rollback');
}
