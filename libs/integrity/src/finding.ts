/** What can be wrong. */
export type FindingKind =
  | 'position-missing' | 'position-twice' | 'time-backwards' | 'head'
  | 'version-missing' | 'version-twice' | 'position-order' | 'hash' | 'ops'
  | 'state-missing' | 'state-extra' | 'state' | 'snapshot'
  | 'signed-content' | 'signed-order' | 'root';

/** Something that is not as it was written: where it is, and what was expected there and found. */
export interface Finding {
  readonly kind: FindingKind;
  readonly partition?: number;
  /** Of the log. For a stretch of positions its first. */
  readonly position?: number;
  /** The last position of a stretch. */
  readonly through?: number;
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  readonly version?: number;
  /** The column that differs, where one can be named. */
  readonly field?: string;
  readonly expected?: string;
  readonly found?: string;
  /** One sentence for people. */
  readonly what: string;
}

const LONGEST_VALUE = 200;

/** Collects findings up to a limit, at which whoever looks for them stops. */
export class Findings {
  readonly list: Finding[] = [];

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.list.length >= this.limit;
  }

  add(finding: Finding): void {
    if (!this.full) this.list.push({ ...finding, ...shortened('expected', finding.expected), ...shortened('found', finding.found) });
  }
}

/** By partition and position; those of no position come last. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const place = ({ position }: Finding): number => position ?? Number.MAX_SAFE_INTEGER;
  return [...findings].sort((a, b) => (a.partition ?? 0) - (b.partition ?? 0) || place(a) - place(b));
}

function shortened(name: 'expected' | 'found', value: string | undefined): Partial<Finding> {
  return value !== undefined && value.length > LONGEST_VALUE ? { [name]: `${value.slice(0, LONGEST_VALUE)}…` } : {};
}
