import { randomUUID } from 'node:crypto';
import { MAX_REVOCATIONS, type NewRevocation, type Revocation } from '../revocation/revocations.js';
import { type Database, run } from './database.js';
import { COLUMNS, type RevocationRow, toRevocation } from './revocation-row.js';

/**
 * The head's row lock hands out revisions in commit order: who has read up to one has seen all below it. The count is of
 * the snapshot from before that lock, so `MAX_REVOCATIONS` may be passed by as many as are added at the same time.
 * A renewed revocation keeps its id, one that was over gets a new one.
 */
const ADD = {
  name: 'add-revocation',
  text: `
    WITH head AS (
      UPDATE global_state.token_revocation_head SET revision = revision + 1
      WHERE $7 > (SELECT count(*) FROM global_state.token_revocations
          WHERE lifted_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
        OR EXISTS (SELECT FROM global_state.token_revocations WHERE kind = $2 AND name = $3
          AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
      RETURNING revision, clock_timestamp() AS at
    ), old AS ( -- instances read everything again more often than daily: none still needs these
      DELETE FROM global_state.token_revocations WHERE EXISTS (SELECT FROM head) AND (kind, name) <> ($2, $3) AND id = ANY (ARRAY(
        SELECT id FROM global_state.token_revocations
        WHERE lifted_at < now() - interval '1 day' OR expires_at < now() - interval '1 day' LIMIT 100))
    )
    INSERT INTO global_state.token_revocations AS known
      (id, kind, name, reason, actor, created_at, issued_before, expires_at, revision)
    SELECT $1, $2, $3, $4, $5, head.at, head.at, $6, head.revision FROM head
    ON CONFLICT (kind, name) DO UPDATE SET
      id = CASE WHEN known.lifted_at IS NULL AND coalesce(known.expires_at > now(), true)
        THEN known.id ELSE excluded.id END,
      expires_at = CASE WHEN known.lifted_at IS NOT NULL THEN excluded.expires_at
        WHEN known.expires_at IS NULL OR excluded.expires_at IS NULL THEN NULL
        ELSE greatest(known.expires_at, excluded.expires_at) END,
      reason = excluded.reason, actor = excluded.actor, created_at = excluded.created_at,
      issued_before = excluded.issued_before, revision = excluded.revision, lifted_at = NULL
    RETURNING ${COLUMNS}`,
};

/** Stores or renews a revocation; undefined where there are too many. */
export async function addRevocation(
  db: Database, { kind, name, reason, actor, expiresAt }: NewRevocation,
): Promise<Revocation | undefined> {
  const [row] = await run<RevocationRow>(db, ADD, [
    randomUUID(), kind, name, reason ?? null, actor, expiresAt ?? null, MAX_REVOCATIONS,
  ]);
  return row && toRevocation(row);
}
