import { hourOf } from '../projection/hours.js';

/** How far a question reaches back, in hours. */
export const TIME_RANGES = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 } as const;
export type TimeRange = keyof typeof TIME_RANGES;

/** The first hour of a range: the one in which its beginning lies, as a whole. So a range covers never less than its name. */
export function firstHourOf(range: TimeRange, now: number): number {
  return hourOf(now) - TIME_RANGES[range];
}
