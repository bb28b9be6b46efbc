import { authorize, type Principal } from '@app/auth';
import { EventStore, whenReachable } from '@app/event-store';
import { ServiceError, type StoredEvent } from '@app/kernel';
import type { Pool } from 'pg';
import { countFlags, type Flag, type FlagAction, flagActions, type FlagQuery, type FlagStatus, getFlag, listFlags, type Resolution, stepFlag } from '../sql/flags.js';
import { listQuarantines, type Quarantine, quarantinesOf, releaseQuarantine } from '../sql/quarantines.js';
import type { FlagFigures } from './flag-figures.js';

/** Events shown on either side of the one that broke a rule. */
const AROUND = 5;
/** Aggregates that one command changes at most: its events are neighbours in the log. */
const TOGETHER = 16;

/** A flag with all that a reviewer needs. */
export interface ReviewedFlag {
  readonly flag: Flag;
  readonly actions: readonly FlagAction[];
  readonly isQuarantined: boolean;
  /** The event that broke the rule, and those around it, oldest first. */
  readonly evidence: readonly StoredEvent[];
  /** Of a rule on sums: what the same command did to other aggregates, as far as whoever asks may see them. */
  readonly together: readonly StoredEvent[];
}

/** The review of what rules found. */
export class Flags {
  constructor(private readonly pool: Pool, private readonly events: EventStore, private readonly figures: FlagFigures) {}

  /** What the principal may see. */
  list(query: Omit<FlagQuery, 'types'>, principal: Principal): Promise<Flag[]> {
    return whenReachable(() => listFlags(this.pool, { ...query, types: principal.aggregateTypes }));
  }

  /** @throws ServiceError FLAG_NOT_FOUND, FORBIDDEN */
  async get(id: string, principal: Principal): Promise<ReviewedFlag> {
    const flag = await this.find(id, principal);
    const ref = { type: flag.aggregateType, id: flag.aggregateId };
    const [actions, quarantines, evidence] = await Promise.all([
      whenReachable(() => flagActions(this.pool, id)), whenReachable(() => quarantinesOf(this.pool, ref.type, ref.id)),
      this.events.readStream(ref, { from: Math.max(1, flag.version - AROUND), to: flag.version + AROUND, limit: 2 * AROUND + 1 }),
    ]);
    const own = evidence.find(({ version }) => version === flag.version);
    const together = own && flag.violation.kind === 'conserve' ? await this.together(own, principal) : [];
    return { flag, actions, isQuarantined: isActive(quarantines[0]), evidence, together };
  }

  private async together(own: StoredEvent, { aggregateTypes }: Principal): Promise<StoredEvent[]> {
    const near = await this.events.readLog(Math.max(0, own.position - TOGETHER), 2 * TOGETHER - 1);
    return near.filter(({ eventId, ref, context, committedAt }) => eventId !== own.eventId
      && own.context.correlationId !== undefined && context.correlationId === own.context.correlationId && context.actor === own.context.actor
      && committedAt.getTime() === own.committedAt.getTime() && (!aggregateTypes || (aggregateTypes as readonly string[]).includes(ref.type)));
  }

  /** @throws ServiceError FLAG_NOT_FOUND, FORBIDDEN, FLAG_RESOLVED */
  assign(id: string, assignee: string, principal: Principal): Promise<Flag> {
    return this.step(id, { action: 'assigned', assignee }, principal);
  }

  /** Ends a review, once. @throws ServiceError FLAG_NOT_FOUND, FORBIDDEN, FLAG_RESOLVED */
  resolve(id: string, resolution: Resolution, note: string, principal: Principal): Promise<Flag> {
    return this.step(id, { action: resolution, note }, principal);
  }

  /** How many flags each rule has, by status. */
  async counts(): Promise<ReadonlyMap<string, Readonly<Partial<Record<FlagStatus, number>>>>> {
    const counts = new Map<string, Partial<Record<FlagStatus, number>>>();
    for (const { rule, status, count } of await whenReachable(() => countFlags(this.pool))) {
      counts.set(rule, { ...counts.get(rule), [status]: count });
    }
    return counts;
  }

  quarantines(query: { released: boolean; aggregateType?: string; before?: number; limit: number }, principal: Principal): Promise<Quarantine[]> {
    return whenReachable(() => listQuarantines(this.pool, { ...query, types: principal.aggregateTypes }));
  }

  /** All quarantines of an aggregate, the newest first. */
  quarantinesOf(type: string, id: string): Promise<Quarantine[]> {
    return whenReachable(() => quarantinesOf(this.pool, type, id));
  }

  /** @throws ServiceError QUARANTINE_NOT_FOUND where the aggregate is not marked */
  async release(type: string, id: string, by: { subject: string; reason: string }): Promise<Quarantine> {
    const isReleased = await whenReachable(() => releaseQuarantine(this.pool, type, id, by));
    if (!isReleased) throw new ServiceError('QUARANTINE_NOT_FOUND', `${type} ${id} is not in quarantine`);
    await this.recount();
    return (await this.quarantinesOf(type, id)).find(({ releasedAt }) => releasedAt !== undefined)!;
  }

  private async step(id: string, step: Pick<FlagAction, 'action' | 'assignee' | 'note'>, principal: Principal): Promise<Flag> {
    await this.find(id, principal);
    const taken = await whenReachable(() => stepFlag(this.pool, id, { ...step, actor: principal.subject }));
    if (taken) {
      await this.recount();
      return taken;
    }
    const { status, resolvedBy } = await this.find(id, principal);
    throw new ServiceError('FLAG_RESOLVED', `this flag was ${status} by ${resolvedBy}`, { status, resolvedBy });
  }

  private async find(id: string, principal: Principal): Promise<Flag> {
    const flag = await whenReachable(() => getFlag(this.pool, id));
    if (!flag) throw new ServiceError('FLAG_NOT_FOUND', `there is no flag ${id}`);
    authorize(principal, 'operate', { aggregateType: flag.aggregateType, aggregateId: flag.aggregateId });
    return flag;
  }

  private recount(): Promise<void> {
    return whenReachable(() => this.figures.refresh(this.pool));
  }
}

export function isActive(quarantine: Quarantine | undefined): boolean {
  return quarantine !== undefined && quarantine.releasedAt === undefined;
}
