import type { Violation } from '@app/kernel';
import type { Pool } from 'pg';
import { countOpen } from '../sql/quarantines.js';

/** What flags come to, in plain numbers for whoever reads them. */
export class FlagFigures {
  /** Raised by this instance, by rule and mode. */
  readonly raised = new Map<string, { readonly rule: string; readonly mode: Violation['mode']; count: number }>();
  /** Not resolved, as last counted in the database. */
  open = 0;
  /** Aggregates that are marked, as last counted. */
  quarantined = 0;

  count({ rule, mode }: Violation): void {
    const key = `${rule} ${mode}`;
    const known = this.raised.get(key) ?? { rule, mode, count: 0 };
    known.count += 1;
    this.raised.set(key, known);
  }

  async refresh(pool: Pool): Promise<void> {
    const { flags, quarantines } = await countOpen(pool);
    this.open = flags;
    this.quarantined = quarantines;
  }
}
