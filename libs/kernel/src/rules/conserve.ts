import { type Json, valueAt } from '../json.js';
import { fold, type FoldState, type Op } from '../ops.js';
import { isSame, shown } from './check.js';
import { pathTree, type PathTree, touchedBy } from './path-tree.js';
import type { ConserveRule, ConserveTerm, Violation } from './rule.js';

/** One aggregate of a command: what it was, and what is written. */
export interface Party {
  readonly state: FoldState & { readonly ref: { readonly type: string }; readonly version: number };
  readonly ops: readonly Op[];
}

/** That a party broke a rule, by its place in the command. */
export interface PartyViolation {
  readonly party: number;
  readonly violation: Violation;
}

interface TermOfRule {
  readonly rule: ConserveRule;
  readonly term: ConserveTerm;
  readonly keys: readonly string[];
}

/** What one aggregate adds to a sum. */
interface Share {
  readonly party: number;
  readonly pointer: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** Undefined where a value is no whole number. */
  readonly amount: bigint | undefined;
}

type Sums = Map<ConserveRule, Map<string, Share[]>>;

/** The sums that a command over several aggregates must leave as they are. */
export class Ledger {
  private readonly trees = new Map<string, PathTree<TermOfRule>>();

  constructor(rules: readonly ConserveRule[]) {
    const terms = rules.flatMap((rule) => rule.terms.map((term): TermOfRule => ({ rule, term, keys: term.path.split('/') })));
    for (const type of new Set(terms.map(({ term }) => term.aggregateType))) {
      this.trees.set(type, pathTree(terms.filter(({ term }) => term.aggregateType === type), ({ term }) => term.path));
    }
  }

  /** The rules that were broken, each held against those who have too much, or too little, by it. */
  check(parties: readonly Party[]): PartyViolation[] {
    const sums: Sums = new Map();
    parties.forEach((party, i) => this.collect(party, i, sums));
    return [...sums].flatMap(([rule, byKey]) => onceEach([...byKey.values()].flatMap((shares) => unbalanced(rule, shares))));
  }

  private collect({ state, ops }: Party, party: number, sums: Sums): void {
    const tree = this.trees.get(state.ref.type);
    const touched = tree ? touchedBy(tree, ops, state.data) : [];
    if (touched.length === 0) return;
    const { data } = fold(state, ops, state.version + 1);
    for (const { path, pointer, things } of touched) {
      const [before, after] = [valueAt(state.data, path), valueAt(data, path)];
      if (isSame(before, after)) continue;
      for (const { rule, term, keys } of things) {
        const name = path.filter((_, i) => keys[i] === '*').join('\n');
        const byKey = sums.get(rule) ?? new Map<string, Share[]>();
        const share = { party, pointer, before, after, amount: amountOf(before, after, term) };
        sums.set(rule, byKey.set(name, [...byKey.get(name) ?? [], share]));
      }
    }
  }
}

/** Sums are big integers: sixteen safe ones may pass 2^53. */
function amountOf(before: Json | undefined, after: Json | undefined, { counts }: ConserveTerm): bigint | undefined {
  const [from, to] = [before ?? 0, after ?? 0];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return undefined;
  const amount = BigInt(to as number) - BigInt(from as number);
  return counts === 'for' ? amount : -amount;
}

function unbalanced(rule: ConserveRule, shares: readonly Share[]): PartyViolation[] {
  const uncounted = shares.filter(({ amount }) => amount === undefined);
  const difference = shares.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n);
  if (difference === 0n && uncounted.length === 0) return [];
  const blamed = uncounted.length > 0 ? uncounted : shares.filter(({ amount }) => (difference > 0n ? amount! > 0n : amount! < 0n));
  return blamed.map((share) => ({ party: share.party, violation: violationOf(rule, share, Number(difference)) }));
}

function violationOf({ id, mode }: ConserveRule, { pointer, ...values }: Share, measured: number): Violation {
  const [before, after] = [shown(values.before), shown(values.after)];
  return {
    rule: id, kind: 'conserve', mode: mode as Violation['mode'], path: pointer,
    ...(before !== undefined && { before }), ...(after !== undefined && { after }), measured, limit: 0,
  };
}

/** An aggregate that is out of balance in several things is named once a rule. */
function onceEach(found: readonly PartyViolation[]): PartyViolation[] {
  return found.filter(({ party }, i) => found.findIndex((other) => other.party === party) === i);
}
