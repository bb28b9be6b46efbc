import type { LogFact } from '@app/event-store';
import { hlcToMs } from '@app/kernel';

const HOUR_MS = 3_600_000;
export const HOURS_A_DAY = 24;
/** Older figures are dropped; the log keeps all. */
export const KEPT_DAYS = 32;

/** The hour of a time: hours since 1970, UTC. */
export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS);
}

/** The first hour of the UTC day of an hour. */
export function dayOf(hour: number): number {
  return hour - (hour % HOURS_A_DAY);
}

/** The first hour of the first UTC day that lies in a range as a whole. */
export function firstWholeDay(fromHour: number): number {
  const day = dayOf(fromHour);
  return day === fromHour ? day : day + HOURS_A_DAY;
}

/** When an hour begins. */
export function startOf(hour: number): Date {
  return new Date(hour * HOUR_MS);
}

/**
 * When an event happened, in ms: the commit here if it was made here, else its own clock, since how late it came is no property of
 * what happened.
 */
export function timeOf(event: Pick<LogFact, 'origin' | 'hlc' | 'committedAt'>, here: string): number {
  return event.origin === here ? event.committedAt.getTime() : hlcToMs(event.hlc);
}

/** From the moment an event was decided, by the clock it carries, to its commit in this log, in ms. */
export function latencyOf({ hlc, committedAt }: Pick<LogFact, 'hlc' | 'committedAt'>): number {
  return committedAt.getTime() - hlcToMs(hlc);
}
