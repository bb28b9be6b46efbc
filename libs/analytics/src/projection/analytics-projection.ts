import type { ConsumeBatch, LogFact } from '@app/event-store';
import type { PoolClient } from 'pg';
import { addTally } from '../sql/add-tally.js';
import { readLiveBuild } from '../sql/builds.js';
import { purgeFigures } from '../sql/drop-figures.js';
import { HOURS_A_DAY, hourOf, KEPT_DAYS } from './hours.js';
import { tally } from './tally.js';

/** The durable consumer's name. */
export const ANALYTICS = 'analytics';

/**
 * How it follows the log: writes are not followed one by one, and of a busy log an aggregate's changes are counted together (0015). Figures
 * may be old by the rest and a batch.
 */
export const PACE = { restMs: 250, share: 0.1 };

/** Counts the log, batch by batch, in the transaction that moves the checkpoint. */
export class AnalyticsProjection {
  private purgedFor = -Infinity;

  /**
   * @param here the region whose events are local
   * @param build the one to count into; absent: whichever is live, which cannot change while the checkpoint is held
   */
  constructor(private readonly here: string, private readonly now: () => number = Date.now, private readonly build?: number) {}

  readonly handle: ConsumeBatch = async (client: PoolClient, events: readonly LogFact[]) => {
    const build = this.build ?? await readLiveBuild(client);
    const firstHour = hourOf(this.now()) - KEPT_DAYS * HOURS_A_DAY;
    await addTally(client, build, await tally(events, this.here, firstHour));
    if (this.purgedFor < firstHour && await purgeFigures(client, build, firstHour)) this.purgedFor = firstHour;
  };
}
