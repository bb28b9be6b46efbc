import { EMPTY_FOLD, type FoldState, type Op, Replay } from '@app/kernel';
import { FOLD_GENERATION, freeze, snapshotChecksum } from '@app/event-store';
import { Chain, nameOf, placeOf } from './chain.js';
import type { Finding, Findings } from './finding.js';
import type { FoldRow } from './sql/aggregate-pages.js';
import type { ChainRow } from './sql/chain-row.js';

/** What a fold is held against: columns by their names in the tables. */
type Expected = Partial<Record<keyof FoldRow, string>>;

/** The walk through one aggregate: its chain, and the state that its events fold to. */
export class Aggregate {
  /** The newest event that was met. */
  last: ChainRow;
  private readonly chain: Chain;
  private readonly replay = new Replay(EMPTY_FOLD);
  /** False once an event could not be folded: what follows is then known to differ, and says nothing. */
  private foldable = true;

  constructor(first: ChainRow, private readonly findings: Findings) {
    this.last = first;
    this.chain = new Chain(findings);
  }

  event(row: ChainRow): void {
    this.last = row;
    this.chain.next(row);
    if (!this.foldable) return;
    try {
      this.replay.apply(JSON.parse(row.ops) as Op[], row.version);
    } catch (error) {
      this.foldable = false;
      this.findings.add({
        ...placeOf(row), kind: 'ops', field: 'ops', found: row.ops,
        what: `the ops of version ${row.version} of ${nameOf(row)} cannot be folded: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  }

  /** A fold that was kept at the newest event. One of an older way of folding is never read, and says nothing. */
  snapshot(row: FoldRow): void {
    if (!this.foldable || Number(row.fold_generation) !== FOLD_GENERATION) return;
    const state = this.replay.end();
    const { data, clocks } = freeze(state);
    this.compare('snapshot', row, {
      ...this.common(state, { data, clocks }),
      checksum: snapshotChecksum({ data, clocks, generation: state.generation, deleted: state.deleted }).toString('hex'),
    });
  }

  /** The row of `aggregate_states`, or that there is none. */
  end(row: FoldRow | undefined): void {
    const { last } = this;
    if (!row) this.findings.add({ ...placeOf(last), kind: 'state-missing', what: `${nameOf(last)} has events but no state` });
    else if (this.foldable) {
      const state = this.replay.end();
      const frozen = freeze(state);
      this.compare('state', row, {
        ...this.common(state, frozen), checksum: frozen.checksum, version: String(last.version), partition: String(last.partition),
        hash: last.hash, hlc: last.hlc, fold_generation: String(FOLD_GENERATION),
      });
    }
  }

  private common(state: FoldState, { data, clocks }: { data: string; clocks: string }): Expected {
    return {
      generation: String(state.generation), deleted: String(state.deleted), data, clocks, position: String(this.last.position),
      last_modified: this.last.committedAt,
    };
  }

  private compare(kind: 'state' | 'snapshot', row: FoldRow, expected: Expected): void {
    for (const [field, value] of Object.entries(expected)) {
      const found = String(row[field as keyof FoldRow]);
      if (found === value) continue;
      this.findings.add({
        ...placeOf(this.last), kind, field, expected: value, found,
        what: `${field} of the ${kind} of ${nameOf(row)} at version ${this.last.version} is not what its events fold to`,
      });
    }
  }
}

/** A state without events. */
export function extraState(row: FoldRow): Finding {
  return { ...foldPlace(row), kind: 'state-extra', what: `${nameOf(row)} has a state but no events` };
}

/** A kept fold without its event. */
export function extraSnapshot(row: FoldRow): Finding {
  return { ...foldPlace(row), kind: 'snapshot', what: `the snapshot of ${nameOf(row)} at version ${row.version} has no event` };
}

function foldPlace({ type, id, version }: FoldRow): Omit<Finding, 'kind' | 'what'> {
  return { aggregateType: type, aggregateId: id, version };
}
