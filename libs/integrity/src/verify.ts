import { checkAggregates, type RangeCount } from './check-aggregates.js';
import { checkLog } from './check-log.js';
import { checkRoots, type SignedRange } from './check-roots.js';
import { type Finding, Findings, inOrder } from './finding.js';
import type { RootKeys, StoredRoot } from './root.js';
import { ALL_IDS, type IdRange } from './sql/aggregate-pages.js';
import { logHeads, strays } from './sql/log-pages.js';
import type { Queryable } from './sql/raw.js';

/** How to verify. */
export interface VerifyOptions {
  /** Default none: then no root may be there. */
  readonly keys?: RootKeys;
  /** Roots that were kept outside the database. */
  readonly roots?: readonly StoredRoot[];
  /** Stops after so many findings. Default 1000. */
  readonly limit?: number;
  /** Told as it goes: each event counts twice, once by position and once by aggregate. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was looked at, and what is wrong. */
export interface Verification {
  readonly events: number;
  readonly aggregates: number;
  readonly snapshots: number;
  readonly roots: number;
  /** The newest position that a root covers whose signature holds, or was not to be checked; what is above it rests on the hash chains alone. */
  readonly signedThrough: number;
  /** By position. */
  readonly findings: readonly Finding[];
  /** True if it stopped at the limit of findings, so that there may be more. */
  readonly truncated: boolean;
}

/** Checks the aggregates of a range, wherever that is done: findings and counts. */
export type RangeChecker = (range: IdRange, limit: number, onEvents: (count: number) => void) =>
  Promise<{ readonly count: RangeCount; readonly findings: readonly Finding[] }>;

export const DEFAULT_LIMIT = 1_000;

/** See `verify`; every range of aggregates is given to `check`, all at once. The caller sees to one view of the database. */
export async function verifyWith(
  db: Queryable, options: VerifyOptions, ranges: readonly IdRange[], check: RangeChecker,
): Promise<Verification> {
  const limit = options.limit ?? DEFAULT_LIMIT;
  const findings = new Findings(limit);
  const roots = await checkRoots(db, options.roots ?? [], options.keys ?? [], findings);
  const heads = await logHeads(db);
  for (const { partition, first, last } of await strays(db)) {
    findings.add({
      kind: 'head', partition, position: first, ...(last > first ? { through: last } : {}),
      what: `events at the positions ${first} to ${last} of partition ${partition}, where no log has any`,
    });
  }
  const total = 2 * heads.reduce((sum, head) => sum + head.position, 0);
  let done = 0;
  const onEvents = (events: number): void => options.onProgress?.(done += events, total);
  // Side by side where `check` has connections of its own; on one connection the statements take turns.
  const [parts] = await Promise.all([
    Promise.all(ranges.map((range) => check(range, limit, onEvents))),
    (async () => {
      for (const head of heads) await checkLog(db, head, ofPartition(roots, head.partition), findings, onEvents);
    })(),
  ]);
  for (const part of parts) for (const finding of part.findings) findings.add(finding);
  const sum = (of: (count: RangeCount) => number): number => parts.reduce((all, { count }) => all + of(count), 0);
  return {
    events: sum((count) => count.events), aggregates: sum((count) => count.aggregates), snapshots: sum((count) => count.snapshots),
    roots: roots.length, signedThrough: roots.at(-1)?.last ?? 0, findings: inOrder(findings.list), truncated: findings.full,
  };
}

/**
 * Verifies the whole log: positions, versions, hash chains, states and kept folds against a replay, and all of it against the signed
 * roots. It trusts nothing that the database computes and goes on after a finding. On one connection; run it inside
 * a transaction that sees one state of the database (`REPEATABLE READ`).
 */
export function verify(db: Queryable, options: VerifyOptions = {}): Promise<Verification> {
  return verifyWith(db, options, [ALL_IDS], checkerOn(db));
}

/** Checks ranges on one connection. */
export function checkerOn(db: Queryable): RangeChecker {
  return async (range, limit, onEvents) => {
    const findings = new Findings(limit);
    const count = await checkAggregates(db, range, findings, onEvents);
    return { count, findings: findings.list };
  };
}

/** Ranges of ids of about equal size: ids are random. */
export function splitIds(parts: number): IdRange[] {
  const bound = (i: number): number => Math.round((i * 65_536) / parts);
  const hex = (n: number): string => n.toString(16).padStart(4, '0');
  return Array.from({ length: parts }, (_, i) => ({
    from: `${hex(bound(i))}0000-0000-0000-0000-000000000000`,
    to: `${hex(bound(i + 1) - 1)}ffff-ffff-ffff-ffff-ffffffffffff`,
  }));
}

function ofPartition(roots: readonly SignedRange[], partition: number): SignedRange[] {
  return roots.filter((root) => root.partition === partition);
}
