import { EventStore, type StateDocument } from '@app/event-store';
import { DEFINITIONS, ruleOf } from '@app/game-state';
import {
  type AggregateRef, type AggregateType, type FoldState, fromPointer, type Json, type JsonObject, refKey, ServiceError, type StoredEvent, valueAt,
} from '@app/kernel';
import { chooseByActor, chooseByCausation, chooseByCorrelation, type Chosen, type Database, type VersionRange } from '../sql/select-events.js';
import { Travel } from '../travel.js';
import { type Conflict, planReturn, planUndo, type UndoPlan } from './plan.js';
import type { Scope } from './scope.js';

/** What happens to one aggregate. */
export interface AggregatePlan extends UndoPlan {
  readonly ref: AggregateRef & { readonly type: AggregateType };
  /** On which it is based. */
  readonly version: number;
}

const MAX_AGGREGATES = 1_000;
const MAX_EVENTS = 20_000;
const PAGE = 1_000;

export function changesAnything({ changes, deletes }: AggregatePlan): boolean {
  return deletes || Object.keys(changes).length > 0;
}

/** Finds the events of a scope, and what it takes to undo them. */
export class Planner {
  constructor(private readonly events: EventStore, private readonly travel: Travel, private readonly db: Database) {}

  /**
   * The events of a scope that are in force, by aggregate.
   * @throws ServiceError INVALID_OPERATION for more than 1,000 aggregates
   */
  async choose(scope: Scope): Promise<readonly Chosen[]> {
    const chosen = await this.find(scope, MAX_AGGREGATES + 1);
    if (chosen.length <= MAX_AGGREGATES) return chosen;
    throw new ServiceError('INVALID_OPERATION', `this scope has more than ${MAX_AGGREGATES} aggregates: take a narrower one`);
  }

  private async find(scope: Scope, limit: number): Promise<readonly Chosen[]> {
    const choice = { except: undefined, limit };
    if ('correlationId' in scope) return chooseByCorrelation(this.db, scope.correlationId, choice);
    if ('causationId' in scope) return chooseByCausation(this.db, scope.causationId, choice);
    if ('actor' in scope) {
      const [from, to] = await Promise.all([this.events.positionAt(new Date(Date.parse(scope.from) - 1)), this.events.positionAt(new Date(scope.to))]);
      return chooseByActor(this.db, scope.actor, from, to, choice);
    }
    return this.afterVersion(scope.aggregate);
  }

  private async afterVersion(scope: Extract<Scope, { aggregate: unknown }>['aggregate']): Promise<Chosen[]> {
    const ref = { type: scope.aggregateType, id: scope.aggregateId };
    const current = await this.events.readState(ref);
    if (!current) throw new ServiceError('STATE_NOT_FOUND', `there is no ${refKey(ref)}`);
    const { toVersion, toTime } = scope;
    if (toVersion !== undefined && toVersion > current.version) {
      throw new ServiceError('STATE_NOT_FOUND', `${refKey(ref)} has no version ${toVersion}`, { currentVersion: current.version });
    }
    const kept = toVersion ?? await this.events.versionAt(ref, await this.events.positionAt(new Date(toTime!)));
    return kept === current.version ? [] : [{ ref, versions: { from: kept + 1, to: current.version } }];
  }

  /** What it takes for each aggregate of a choice; those to which nothing happens are left out. */
  async plans(chosen: readonly Chosen[]): Promise<AggregatePlan[]> {
    const plans: AggregatePlan[] = [];
    for (const one of chosen) plans.push(await this.plan(one));
    return plans.filter(changesAnything);
  }

  /** What it takes to undo these events of an aggregate, on its state as it is now. */
  async plan({ ref, versions }: Chosen): Promise<AggregatePlan> {
    const { type, id } = ref as AggregatePlan['ref'];
    const { version, ...plan } = 'from' in versions ? await this.back({ type, id }, versions) : await this.without({ type, id }, versions);
    return { ref: { type, id }, version, ...withinBounds(type, plan) };
  }

  private async without(ref: AggregateRef, versions: readonly number[]): Promise<UndoPlan & { version: number }> {
    const base = await this.before(ref, versions[0]!);
    const steps = await this.stepsFrom(ref, versions[0]!);
    const undone = new Set(versions);
    return { version: steps.at(-1)!.version, ...planUndo(base, steps, (version) => undone.has(version)) };
  }

  /** However many they are, only what came after them is read. */
  private async back(ref: AggregatePlan['ref'], { from, to }: VersionRange): Promise<UndoPlan & { version: number }> {
    const base = await this.before(ref, from);
    const later = await this.stepsFrom(ref, to + 1);
    const version = later.at(-1)?.version ?? to;
    const now = foldStateOf(await this.travel.stateAt(ref, version));
    return { version, ...planReturn(base, later, now, (path) => isCounter(ref.type, path)) };
  }

  /** The state before a version, if there was one. */
  private async before(ref: AggregateRef, version: number): Promise<FoldState | undefined> {
    return version === 1 ? undefined : foldStateOf(await this.travel.stateAt(ref, version - 1));
  }

  private async stepsFrom(ref: AggregateRef, first: number): Promise<StoredEvent[]> {
    const steps: StoredEvent[] = [];
    for (let from = first; ;) {
      const page = await this.events.readStream(ref, { from, to: Number.MAX_SAFE_INTEGER, limit: PAGE });
      steps.push(...page);
      if (page.length < PAGE) return steps;
      if (steps.length >= MAX_EVENTS) {
        throw new ServiceError('INVALID_OPERATION', `${refKey(ref)} has more than ${MAX_EVENTS} events since: take it back to a version`);
      }
      from = page.at(-1)!.version + 1;
    }
  }
}

function isCounter(type: AggregateType, path: string): boolean {
  const merge = ruleOf(DEFINITIONS[type], fromPointer(path))?.merge;
  return merge === 'sum' || merge === 'bcounter';
}

function foldStateOf({ data, deleted }: StateDocument): FoldState {
  return { data: JSON.parse(data) as JsonObject, clocks: {}, generation: 0, deleted };
}

/** What cannot be had is not taken: who has spent the gold goes down to the least that is allowed. */
function withinBounds(type: AggregateType, plan: UndoPlan): UndoPlan {
  const conflicts: Conflict[] = [...plan.conflicts];
  const diff = plan.diff.map((difference) => {
    const { path, old, new: wanted } = difference;
    const rule = ruleOf(DEFINITIONS[type], fromPointer(path));
    if (typeof wanted !== 'number' || !rule) return difference;
    const possible = Math.min(Math.max(wanted, rule.min ?? wanted), rule.max ?? Infinity);
    if (possible === wanted) return difference;
    conflicts.push({ path, resolution: 'limited by the bounds' });
    const owner = valueAt(plan.changes, fromPointer(path).slice(0, -1)) as JsonObject;
    owner[fromPointer(path).at(-1)!] = typeof old === 'number' && isAmount(owner[fromPointer(path).at(-1)!]) ? { $inc: possible - old } : possible;
    return { ...difference, new: possible };
  });
  return { ...plan, diff, conflicts };
}

function isAmount(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && '$inc' in value;
}
