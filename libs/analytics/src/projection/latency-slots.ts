/**
 * Slots of a histogram of whole milliseconds, with fixed bounds so that histograms add up: below 16 ms a slot a millisecond, above 8
 * slots an octave (as in HdrHistogram). What a slot answers is off by at most `SLOT_ERROR` of the true value.
 */
const EXACT_BELOW = 16;
const SLOTS_AN_OCTAVE = 8;
/** Longer times count as this long: 24 days. */
export const LONGEST_MS = 2 ** 31 - 1;

/** The greatest relative error of a time read from its slot: half a slot's width, by its lower bound. */
export const SLOT_ERROR = 1 / (2 * SLOTS_AN_OCTAVE);

/** The slot of a time in ms. A negative one, by clocks that differ, counts as 0. */
export function slotOf(ms: number): number {
  const whole = Math.min(Math.max(0, Math.trunc(ms)), LONGEST_MS);
  if (whole < EXACT_BELOW) return whole;
  const octave = 31 - Math.clz32(whole);
  const within = (whole >>> (octave - 3)) - SLOTS_AN_OCTAVE;
  return EXACT_BELOW + (octave - 4) * SLOTS_AN_OCTAVE + within;
}

/** The time in ms that stands for a slot: its middle. */
export function msOf(slot: number): number {
  if (slot < EXACT_BELOW) return slot;
  const above = slot - EXACT_BELOW;
  const width = 2 ** (Math.floor(above / SLOTS_AN_OCTAVE) + 1);
  const lowest = (SLOTS_AN_OCTAVE + (above % SLOTS_AN_OCTAVE)) * width;
  return lowest + (width - 1) / 2;
}

/** How many times fell into each slot. */
export type Histogram = ReadonlyMap<number, number>;

/**
 * The nearest-rank quantile: the time that a share `q` (0 < q ≤ 1) of all did not exceed, within `SLOT_ERROR`; `undefined` for an
 * empty histogram.
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  const slots = [...histogram].sort(([a], [b]) => a - b);
  const total = slots.reduce((sum, [, count]) => sum + count, 0);
  let left = Math.ceil(q * total);
  for (const [slot, count] of slots) {
    left -= count;
    if (left <= 0) return msOf(slot);
  }
  return undefined;
}
