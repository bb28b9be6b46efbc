import type { Queryable } from './queryable.js';

const NEWEST = 'SELECT statement FROM global_state.log_roots ORDER BY partition, number DESC LIMIT 1';
const HEAD = 'SELECT position::float8 AS position FROM global_state.log_heads ORDER BY partition LIMIT 1';

export interface SigningReport {
  readonly head: number;
  /** The newest signed root's last position and time. */
  readonly signed: { readonly last: number; readonly signedAt: string } | undefined;
}

/** How far the log is signed. Its first partition speaks for all. */
export async function signingReport(db: Queryable): Promise<SigningReport> {
  const { rows: [root] } = await db.query<{ statement: string }>(NEWEST);
  const { rows: [head] } = await db.query<{ position: number }>(HEAD);
  return {
    head: head?.position ?? 0,
    signed: root && (JSON.parse(root.statement) as { last: number; signedAt: string }),
  };
}
