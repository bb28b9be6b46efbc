/** What becomes of an event that breaks a rule: nothing is looked at, it is put up for review, its aggregate is marked too, or it is refused. */
export const RULE_MODES = ['off', 'flag', 'quarantine', 'reject'] as const;
export type RuleMode = (typeof RULE_MODES)[number];

/** A value as rules name it; null stands for nothing there. */
export type Scalar = string | number | boolean | null;

interface Head {
  /** Lower-case words joined by `-`; names the rule in flags, metrics and configuration. */
  readonly id: string;
  readonly mode: RuleMode;
  /** One line for whoever reviews its flags. */
  readonly about: string;
}

/** The rules that look at a value before and after an event. `path` has `/` between keys and `*` for any one key. */
export type PathRule = Head & { readonly path: string } & (
  /** What is there is a number within these. A step back towards them is no violation. */
  | { readonly kind: 'bounds'; readonly min?: number; readonly max?: number }
  /** A number never goes the other way, and does not vanish. */
  | { readonly kind: 'monotonic'; readonly direction: 'up' | 'down' }
  /**
   * The increases of a number within any `windowSeconds` add up to `max` at most; decreases do not count. Counted in sixteenths of
   * the window, so an increase counts for the window and at most a sixteenth longer.
   */
  | { readonly kind: 'rate'; readonly max: number; readonly windowSeconds: number }
  /** The value never goes from the one to the other. `*` is any value that is there, null is none. */
  | { readonly kind: 'transition'; readonly forbidden: readonly (readonly [from: Scalar, to: Scalar])[] }
);

/** One of the sums of a `conserve` rule: of which type and path, and whether it counts for or against. */
export interface ConserveTerm {
  readonly aggregateType: string;
  readonly path: string;
  readonly counts: 'for' | 'against';
}

/**
 * A command over several aggregates leaves the sum of these whole numbers over all of them as it is. Every `*` stands for the same key
 * in all terms, and each key has a sum of its own. Commands on one aggregate are not looked at.
 */
export type ConserveRule = Head & { readonly kind: 'conserve'; readonly terms: readonly ConserveTerm[] };

export type Rule = PathRule | ConserveRule;
export type RateRule = Extract<PathRule, { kind: 'rate' }>;

/** A rule, and the aggregate type that it belongs to. */
export type RuleOfType = Rule & { readonly aggregateType: string };

/** That an event broke a rule, and by what. Stored with the event. */
export interface Violation {
  readonly rule: string;
  readonly kind: Rule['kind'];
  readonly mode: Exclude<RuleMode, 'off'>;
  /** JSON Pointer (RFC 6901) of the first path that broke it. */
  readonly path: string;
  /** The value there; absent where nothing was, or no scalar. */
  readonly before?: Scalar;
  readonly after?: Scalar;
  /** What was held against `limit`: the sum of a window, or the difference of what should have been conserved. */
  readonly measured?: number;
  readonly limit?: number;
  /** How many paths of the event broke it, where there are several. */
  readonly paths?: number;
}
