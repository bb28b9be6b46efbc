import type { Revocation } from '../revocation/revocations.js';
import { type Database, run } from './database.js';
import { COLUMNS, type RevocationRow, toRevocation } from './revocation-row.js';

/** The row stays for a day, so that the other instances learn of it. Head first, as in every change of a revocation. */
const LIFT = {
  name: 'lift-revocation',
  text: `
    WITH head AS (
      UPDATE global_state.token_revocation_head SET revision = revision + 1
      WHERE EXISTS (SELECT FROM global_state.token_revocations WHERE id = $1)
      RETURNING revision
    )
    UPDATE global_state.token_revocations AS known SET lifted_at = now(), revision = head.revision
    FROM head WHERE known.id = $1 AND known.lifted_at IS NULL AND (known.expires_at IS NULL OR known.expires_at > now())
    RETURNING ${COLUMNS.replace('revision', 'known.revision')}`,
};

/** Lifts a revocation; undefined if none with this id is in force. */
export async function liftRevocation(db: Database, id: string): Promise<Revocation | undefined> {
  const [row] = await run<RevocationRow>(db, LIFT, [id]);
  return row && toRevocation(row);
}
