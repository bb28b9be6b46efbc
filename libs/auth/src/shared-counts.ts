/**
 * Counts that all instances share; bound through `AuthOptions.sharedCounts`. Called with one batch an interval, never
 * for a request.
 */
export interface SharedCounts {
  /**
   * Adds what this instance counted since its last call and yields the totals of those subjects over all instances,
   * its own counts included. It may reject; it must settle at some time, as no other call is made before it has.
   * @param window the minute that is counted, the same word in every instance; its counts are of no use 60 s later
   * @param deltas by subject: any string of 1 to 255 characters
   */
  add(window: string, deltas: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
}
