import type { AggregateType, MergeKind, Rule } from '@app/kernel';

/** What a field holds, what bounds it, and how two regions' writes of it merge. */
export interface FieldRule {
  readonly about: string;
  readonly holds: 'whole number' | 'number' | 'text' | 'flag';
  readonly merge: MergeKind;
  readonly min?: number;
  readonly max?: number;
}

/** A named event: what happened, and the fields it may change. Its data is its effect, as a merge patch (RFC 7396). */
export interface EventRule {
  readonly about: string;
  readonly changes: readonly string[];
}

/**
 * All that is special about an aggregate type. Fields are paths with `/` between keys and `*` for any one key. Fields that
 * are not listed pass through untouched; they merge last-writer-wins, and increments of them add up.
 */
export interface AggregateDefinition {
  readonly type: AggregateType;
  readonly fields: Readonly<Record<string, FieldRule>>;
  readonly events: Readonly<Record<string, EventRule>>;
  /** What no honest game does. An operator sets their modes and adds others without code. */
  readonly rules?: readonly Rule[];
}

interface Options {
  readonly merge?: MergeKind;
  readonly min?: number;
  readonly max?: number;
}

/** A whole number that is set; regions agree on the last writer unless told otherwise. */
export function whole(about: string, options: Options = {}): FieldRule {
  return { about, holds: 'whole number', merge: 'lww', ...options };
}

/** A whole number that is counted up and down; regions add their increments up, and none spends what it may not (`min`). */
export function counter(about: string, options: Options = {}): FieldRule {
  return { about, holds: 'whole number', merge: options.min === undefined ? 'sum' : 'bcounter', ...options };
}

/** A number with decimals. */
export function decimal(about: string, options: Options = {}): FieldRule {
  return { about, holds: 'number', merge: 'lww', ...options };
}

/** A string. */
export function text(about: string, options: Pick<Options, 'merge'> = {}): FieldRule {
  return { about, holds: 'text', merge: 'lww', ...options };
}

/** True or false. */
export function flag(about: string, options: Pick<Options, 'merge'> = {}): FieldRule {
  return { about, holds: 'flag', merge: 'lww', ...options };
}

/** An event and the fields it changes. */
export function event(about: string, ...changes: string[]): EventRule {
  return { about, changes };
}
