/** Where a request stands in a distributed trace (W3C Trace Context, level 1). Ids are lower-case hex. */
export interface Trace {
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly sampled: boolean;
}

/** Version, trace id, parent id, flags, and what a later version may add. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NOTHING = /^0+$/;

/**
 * Reads a `traceparent` header as W3C Trace Context, section 3.2, has it: anything invalid is ignored as a whole. A
 * version to come may have more behind a dash; version `00` may not, and `ff` is none.
 */
export function parseTraceparent(header: string | string[] | undefined): Trace | undefined {
  if (typeof header !== 'string') return undefined;
  const [, version, traceId, parentSpanId, flags, rest] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || parentSpanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (NOTHING.test(traceId) || NOTHING.test(parentSpanId)) return undefined;
  return { traceId, parentSpanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
