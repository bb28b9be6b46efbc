/** One thing that was looked at. */
export interface Check {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it; only where something is to be done. */
  readonly advice?: string;
}

export function ok(check: string, found: string): Check {
  return { check, status: 'ok', found };
}

export function warn(check: string, found: string, advice: string): Check {
  return { check, status: 'warn', found, advice };
}

export function fail(check: string, found: string, advice: string): Check {
  return { check, status: 'fail', found, advice };
}

/** Something that is fine up to a bound. */
export function upTo(bound: number, value: number, check: string, found: string, advice: string): Check {
  return value <= bound ? ok(check, found) : warn(check, found, advice);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message || ('code' in error ? String(error.code) : error.name)) : String(error);
}
