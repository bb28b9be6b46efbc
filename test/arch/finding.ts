/** A file that breaks a rule of the house; `file` is relative to the root of its tree. */
export interface Finding {
  readonly file: string;
  readonly rule: string;
  readonly detail: string;
}

/** What a tool found in a tree, and how many files it looked at: no findings in no files would prove nothing. */
export interface Inspection {
  readonly files: number;
  readonly findings: readonly Finding[];
}
