import type { Pool } from 'pg';

const MAKE = { name: 'make-audit-partition', text: 'SELECT global_state.make_audit_partition($1::date)' };
const DROP = { name: 'drop-audit-partition', text: 'SELECT global_state.drop_audit_partition($1::date) AS dropped' };

/** Makes the partitions of the UTC days of these moments, where they are not there. */
export async function makePartitions(pool: Pool, moments: readonly Date[]): Promise<void> {
  for (const day of new Set(moments.map(dayOf))) await pool.query({ ...MAKE, values: [day] });
}

/** Drops every partition that ends before a moment or with its day's beginning, each in a transaction of its own. @returns their names */
export async function dropPartitions(pool: Pool, before: Date): Promise<string[]> {
  const dropped: string[] = [];
  for (;;) {
    const { rows: [row] } = await pool.query<{ dropped: string | null }>({ ...DROP, values: [dayOf(before)] });
    if (!row?.dropped) return dropped;
    dropped.push(row.dropped);
  }
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
