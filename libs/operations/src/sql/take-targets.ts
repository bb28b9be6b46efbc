import { run } from '@app/event-store';
import type { PoolClient } from 'pg';

/** In one order everywhere, so that two who want several never wait for each other; who comes second waits for the first one's commit. */
const TAKE = {
  name: 'take-targets',
  text: `
    INSERT INTO global_state.operation_targets (target, operation_id)
    SELECT target, $1 FROM unnest($2::text[]) AS target ORDER BY target COLLATE "C"
    ON CONFLICT DO NOTHING RETURNING target`,
};

const GIVE_BACK = {
  name: 'give-targets-back',
  text: 'DELETE FROM global_state.operation_targets WHERE operation_id = $1',
};

const HOLDER = {
  name: 'holder-of-targets',
  text: 'SELECT operation_id AS by FROM global_state.operation_targets WHERE target = ANY ($1::text[]) ORDER BY target LIMIT 1',
};

/**
 * Takes targets for an operation, all or none, inside a transaction.
 * @returns undefined if it has them, else who is in the way; `by` is undefined if that one has finished just now
 */
export async function takeTargets(
  client: PoolClient, operationId: string, targets: readonly string[],
): Promise<{ readonly by: string | undefined } | undefined> {
  const wanted = [...new Set(targets)];
  const taken = await run<{ target: string }>(client, TAKE, [operationId, wanted]);
  if (taken.length === wanted.length) return undefined;
  await run(client, GIVE_BACK, [operationId]);
  const [holder] = await run<{ by: string }>(client, HOLDER, [wanted]);
  return { by: holder?.by };
}
