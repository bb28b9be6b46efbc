import { type JsonObject, valueAt } from '../json.js';
import { fold, type FoldState, type Op } from '../ops.js';
import { type Broken, check, growth, isSame, shown } from './check.js';
import { Ledger, type Party, type PartyViolation } from './conserve.js';
import { leadsTo, pathTree, type PathTree, type Touch, touchedBy } from './path-tree.js';
import { Rates } from './rates.js';
import type { ConserveRule, PathRule, RuleOfType, Violation } from './rule.js';

/** What a rule looks at: the state before an event, and what was kept with it. */
export interface Judged extends FoldState {
  readonly ref: { readonly type: string };
  readonly version: number;
  readonly memory?: JsonObject;
}

/** What came of looking: the rules that are broken, and what is to be kept with the aggregate if the event is accepted. */
export interface Judgement {
  readonly violations: readonly Violation[];
  readonly memory?: JsonObject;
}

const NOTHING: Judgement = { violations: [] };

/** The rules of a game, ready to be looked at with every event. Pure: time comes in as an argument, in ms since 1970. */
export class RuleSet {
  private readonly trees = new Map<string, PathTree<PathRule>>();
  private readonly ledger: Ledger | undefined;
  private readonly ids: ReadonlySet<string>;

  /** @param all also those that are off, for whoever lists them */
  constructor(readonly all: readonly RuleOfType[]) {
    this.ids = new Set(all.map(({ id }) => id));
    const inForce = all.filter(({ mode }) => mode !== 'off');
    const byPath = inForce.filter((rule): rule is PathRule & RuleOfType => rule.kind !== 'conserve');
    for (const type of new Set(byPath.map(({ aggregateType }) => aggregateType))) {
      this.trees.set(type, pathTree(byPath.filter(({ aggregateType }) => aggregateType === type), ({ path }) => path));
    }
    const sums = inForce.filter((rule): rule is ConserveRule & RuleOfType => rule.kind === 'conserve');
    this.ledger = sums.length > 0 ? new Ledger(sums) : undefined;
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** Holds the effect of one event against the rules of its aggregate's type. An event that none of them looks at costs next to nothing. */
  judge(state: Judged, ops: readonly Op[], now: number): Judgement {
    const touched = this.touched(state, ops);
    if (touched.length === 0) return NOTHING;
    const after = fold(state, ops, state.version + 1).data;
    const rates = new Rates(state.memory, now);
    const found = new Map<string, Violation>();
    for (const touch of touched) {
      const [old, value] = [valueAt(state.data, touch.path), valueAt(after, touch.path)];
      if (isSame(old, value)) continue;
      for (const rule of touch.things) {
        const broken = rule.kind === 'rate' ? exceeded(rule, touch, growth(old, value), rates) : check(rule, old, value);
        if (broken) note(found, { ...headOf(rule), path: touch.pointer, ...valuesOf(shown(old), shown(value)), ...broken });
      }
    }
    const memory = rates.kept();
    return { violations: [...found.values()], ...(memory && { memory }) };
  }

  /**
   * An event that makes up for others breaks no rule. What it takes back no longer counts as come in, and what it gives back never did.
   * @returns what is to be kept with the aggregate, if that changes
   */
  compensate(state: Judged, ops: readonly Op[], now: number): JsonObject | undefined {
    const touched = this.touched(state, ops);
    if (touched.length === 0) return undefined;
    const after = fold(state, ops, state.version + 1).data;
    const rates = new Rates(state.memory, now);
    for (const { path, pointer, things } of touched) {
      const taken = -growth(valueAt(state.data, path), valueAt(after, path));
      for (const rule of things) if (rule.kind === 'rate' && taken > 0) rates.takeBack(rule, pointer, taken);
    }
    return rates.kept();
  }

  /** Keeps the sums that a path is part of, in whatever type and mode; undefined if no rule knows the path. */
  ledgerOf(path: readonly string[]): Ledger | undefined {
    const rules = this.all.filter((rule): rule is ConserveRule & RuleOfType => rule.kind === 'conserve' && rule.terms.some((term) => leadsTo(term.path, path)));
    return rules.length > 0 ? new Ledger(rules) : undefined;
  }

  /** Holds a command over several aggregates against the rules on sums; `party` is the place of the aggregate that broke one. */
  judgeTogether(parties: readonly Party[]): readonly PartyViolation[] {
    return parties.length > 1 && this.ledger ? this.ledger.check(parties) : [];
  }

  private touched({ ref, data }: Judged, ops: readonly Op[]): readonly Touch<PathRule>[] {
    const tree = this.trees.get(ref.type);
    return tree ? touchedBy(tree, ops, data) : [];
  }
}

function exceeded(rule: Extract<PathRule, { kind: 'rate' }>, { pointer }: Touch<PathRule>, amount: number, rates: Rates): Broken | undefined {
  if (amount <= 0) return undefined;
  const measured = rates.add(rule, pointer, amount);
  return measured > rule.max ? { measured, limit: rule.max } : undefined;
}

function headOf({ id, kind, mode }: PathRule): Pick<Violation, 'rule' | 'kind' | 'mode'> {
  return { rule: id, kind, mode: mode as Violation['mode'] };
}

function valuesOf(before: Violation['before'], after: Violation['after']): Pick<Violation, 'before' | 'after'> {
  return { ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}

/** One violation a rule and event: the first path, and how many there are. */
function note(found: Map<string, Violation>, violation: Violation): void {
  const known = found.get(violation.rule);
  found.set(violation.rule, known ? { ...known, paths: (known.paths ?? 1) + 1 } : violation);
}
