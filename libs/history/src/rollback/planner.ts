import { EventStore, type StateDocument } from '@app/event-store';
import { DEFINITIONS, ruleOf } from '@app/game-state';
import { type AggregateRef, type AggregateType, type FoldState, isExempt, type JsonObject, refKey, ServiceError } from '@app/kernel';
import { readActs } from '../sql/rollback-acts.js';
import { chooseByActor, chooseByCausation, chooseByCorrelation, type Chosen, type Database } from '../sql/select-events.js';
import { Travel } from '../travel.js';
import { type Act, type Acts, type Course, courseOf } from './in-force.js';
import { type Fields, Plan, type UndoPlan } from './plan.js';
import type { Scope } from './scope.js';

type GameRef = AggregateRef & { readonly type: AggregateType };

/** What happens to one aggregate. */
export interface AggregatePlan extends UndoPlan {
  readonly ref: GameRef;
  /** On which it is based. */
  readonly version: number;
}

const MAX_AGGREGATES = 1_000;
const MAX_PREVIEW_BYTES = 8 * 2 ** 20;
const PAGE = 1_000;
const PREVIEW = 'preview';

export function changesAnything({ changes, deletes }: AggregatePlan): boolean {
  return deletes || Object.keys(changes).length > 0;
}

/** Finds the events of a scope, and what it takes to undo them. */
export class Planner {
  constructor(private readonly events: EventStore, private readonly travel: Travel, private readonly db: Database) {}

  /**
   * The events of a scope that are in force, by aggregate; none that make up for others.
   * @throws ServiceError INVALID_OPERATION for more than 1,000 aggregates
   */
  async choose(scope: Scope): Promise<readonly Chosen[]> {
    const chosen = await this.find(scope, MAX_AGGREGATES + 1);
    if (chosen.length <= MAX_AGGREGATES) return chosen;
    throw new ServiceError('INVALID_OPERATION', `this scope has more than ${MAX_AGGREGATES} aggregates: take a narrower one`);
  }

  private async find(scope: Scope, limit: number): Promise<readonly Chosen[]> {
    if ('correlationId' in scope) return chooseByCorrelation(this.db, scope.correlationId, limit);
    if ('causationId' in scope) return chooseByCausation(this.db, scope.causationId, limit);
    if ('actor' in scope) {
      const [from, to] = await Promise.all([this.events.positionAt(new Date(Date.parse(scope.from) - 1)), this.events.positionAt(new Date(scope.to))]);
      return chooseByActor(this.db, scope.actor, from, to, limit);
    }
    return this.afterVersion(scope.aggregate);
  }

  private async afterVersion(scope: Extract<Scope, { aggregate: unknown }>['aggregate']): Promise<Chosen[]> {
    const ref = { type: scope.aggregateType, id: scope.aggregateId };
    const current = await this.current(ref);
    const { toVersion, toTime } = scope;
    if (toVersion !== undefined && toVersion > current.version) {
      throw new ServiceError('STATE_NOT_FOUND', `${refKey(ref)} has no version ${toVersion}`, { currentVersion: current.version });
    }
    const kept = toVersion ?? await this.events.versionAt(ref, await this.events.positionAt(new Date(toTime!)));
    return kept === current.version ? [] : [{ ref, versions: { from: kept + 1, to: current.version } }];
  }

  /**
   * What it would take to take a choice back.
   * @throws ServiceError INVALID_OPERATION where that is more than a preview can hold
   */
  async previews(chosen: readonly Chosen[]): Promise<AggregatePlan[]> {
    const plans: AggregatePlan[] = [];
    let bytes = 0;
    for (const { ref, versions } of chosen) {
      const { acts, held, underWay } = await readActs(this.db, ref);
      const act: Act = { rollbackId: PREVIEW, kind: 'taken', at: Number.MAX_SAFE_INTEGER };
      const plan = await this.follow(ref, { acts: [...acts, act], held: new Map([...held, [PREVIEW, versions]]), underWay }, act);
      bytes += JSON.stringify([plan.diff, plan.conflicts]).length;
      if (bytes > MAX_PREVIEW_BYTES) throw new ServiceError('INVALID_OPERATION', 'this scope changes more than a preview can hold: take a narrower one');
      plans.push(plan);
    }
    return plans;
  }

  /** What it takes that an aggregate, as it is now, is as a rollback or its undoing wants it. */
  async plan(ref: AggregateRef, of: Pick<Act, 'rollbackId' | 'kind'>): Promise<AggregatePlan> {
    const all = await readActs(this.db, ref);
    return this.follow(ref, all, all.acts.find(({ rollbackId, kind }) => rollbackId === of.rollbackId && kind === of.kind)!);
  }

  private async follow(ref: AggregateRef, acts: Acts, act: Act): Promise<AggregatePlan> {
    const course = courseOf(acts, act);
    const now = await this.current(ref);
    const base = course.base === 0 ? undefined : foldStateOf(await this.travel.stateAt(ref, course.base));
    const plan = new Plan(base, course);
    await this.show(plan, ref, course, now.version);
    const { type, id } = ref as GameRef;
    return { ref: { type, id }, version: now.version, ...plan.on(foldStateOf(now), fieldsOf(type)) };
  }

  /** Page by page: no more is held than that. */
  private async show(plan: Plan, ref: AggregateRef, course: Course, to: number): Promise<void> {
    for (let from = course.next(course.base + 1); from <= to;) {
      const page = await this.events.readStream(ref, { from, to, limit: PAGE });
      for (const event of page) if (!isExempt(event.context.metadata)) plan.see(event);
      from = course.next((page.at(-1)?.version ?? to) + 1);
    }
  }

  private async current(ref: AggregateRef): Promise<StateDocument> {
    const state = await this.events.readState(ref);
    if (state) return state;
    throw new ServiceError('STATE_NOT_FOUND', `there is no ${refKey(ref)}`);
  }
}

function fieldsOf(type: AggregateType): Fields {
  const definition = DEFINITIONS[type];
  return {
    isCounter: (path) => ['sum', 'bcounter'].includes(ruleOf(definition, path)?.merge ?? ''),
    nearest: (path, wanted) => {
      const { min = -Infinity, max = Infinity } = ruleOf(definition, path) ?? {};
      return Math.min(Math.max(wanted, min), max);
    },
  };
}

function foldStateOf({ data, deleted }: StateDocument): FoldState {
  return { data: JSON.parse(data) as JsonObject, clocks: {}, generation: 0, deleted };
}
