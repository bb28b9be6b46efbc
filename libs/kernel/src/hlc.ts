/**
 * Hybrid logical clock (Kulkarni, Demirbas et al., "Logical Physical Clocks", 2014) in one 64-bit integer: 48 bits of
 * milliseconds since 1970 above 16 bits of counter. Ordering is integer ordering.
 */
export type Hlc = bigint;

/**
 * The next reading: greater than `previous`, and not behind the wall clock. A counter that overflows runs into the next
 * millisecond, so a clock that was set back never makes readings repeat.
 * @param nowMs wall clock in milliseconds since 1970
 */
export function nextHlc(previous: Hlc, nowMs: number): Hlc {
  const wall = BigInt(Math.trunc(nowMs)) << 16n;
  return wall > previous ? wall : previous + 1n;
}

/** The wall-clock part of a reading, in milliseconds since 1970. */
export function hlcToMs(hlc: Hlc): number {
  return Number(hlc >> 16n);
}
