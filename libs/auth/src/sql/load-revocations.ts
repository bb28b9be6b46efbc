import type { RevocationChanges, RevocationKind } from '../revocation/revocations.js';
import { type Database, run } from './database.js';

const PAGE = 5_000;

/**
 * Head and rows in one statement, so in one snapshot: a row of a later revision is not in it, one below the head is.
 * Times as numbers: to make 100,000 rows with dates takes pg 4 s.
 */
const LOAD = {
  name: 'load-revocations',
  text: `
    SELECT head.revision::float8 AS head, known.* FROM global_state.token_revocation_head AS head
    LEFT JOIN LATERAL (
      SELECT kind, name, (extract(epoch FROM issued_before) * 1000)::float8 AS before,
        (extract(epoch FROM expires_at) * 1000)::float8 AS until, lifted_at IS NOT NULL AS lifted, revision::float8 AS revision
      FROM global_state.token_revocations
      WHERE revision > $1 AND ($1 > 0 OR (lifted_at IS NULL AND (expires_at IS NULL OR expires_at > now())))
      ORDER BY revision LIMIT $2
    ) AS known ON true ORDER BY known.revision`,
};

interface Row {
  readonly head: number;
  readonly kind: RevocationKind;
  readonly name: string;
  readonly before: number;
  readonly until: number | null;
  readonly lifted: boolean;
  /** Null in the one row that says there are none. */
  readonly revision: number | null;
}

/** A page of what changed after a revision; from 0, of everything in force. */
export async function loadRevocations(db: Database, afterRevision: number, page = PAGE): Promise<RevocationChanges> {
  const rows = await run<Row>(db, LOAD, [afterRevision, page]);
  const [first] = rows;
  if (!first) throw new Error('the head of the token revocations is gone');
  const found = first.revision === null ? [] : rows;
  const hasMore = found.length === page;
  return {
    revision: hasMore ? found.at(-1)!.revision! : first.head,
    changes: found.map(({ kind, name, before, until, lifted }) =>
      ({ kind, name, issuedBefore: before, isLifted: lifted, ...(until !== null && { expiresAt: until }) })),
    hasMore,
  };
}
