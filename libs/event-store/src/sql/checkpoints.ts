import { type Queryable, run } from './database.js';

const ENSURE = {
  name: 'ensure-checkpoint',
  text: 'INSERT INTO global_state.checkpoints (consumer, partition, position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

/** Makes the checkpoint of a consumer that has none. */
export async function ensureCheckpoint(db: Queryable, consumer: string, partition: number, position = 0): Promise<void> {
  await run(db, ENSURE, [consumer, partition, position]);
}

const LOCK = {
  name: 'lock-checkpoint',
  text: `SELECT position FROM global_state.checkpoints WHERE consumer = $1 AND partition = $2
    FOR UPDATE SKIP LOCKED -- of many instances one works at a time; the others have nothing to do`,
};

/** The consumer's position, locked for this transaction; `undefined` while another instance holds it. */
export async function lockCheckpoint(db: Queryable, consumer: string, partition: number): Promise<number | undefined> {
  const [row] = await run<{ position: string }>(db, LOCK, [consumer, partition]);
  return row && Number(row.position);
}

const SAVE = {
  name: 'save-checkpoint',
  text: `UPDATE global_state.checkpoints SET position = $3, updated_at = now() WHERE consumer = $1 AND partition = $2`,
};

/** Moves the checkpoint, in the transaction of what it stands for. */
export async function saveCheckpoint(
  db: Queryable, consumer: string, at: { partition: number; position: number },
): Promise<void> {
  await run(db, SAVE, [consumer, at.partition, at.position]);
}

const TAKE = {
  name: 'take-checkpoint',
  text: `SELECT position FROM global_state.checkpoints WHERE consumer = $1 AND partition = $2
    FOR UPDATE -- waits for the batch that is being handled: what follows is decided on where it ends`,
};

/** Holds a consumer back until this transaction ends. @returns its position; 0 if it has no checkpoint */
export async function takeCheckpoint(db: Queryable, consumer: string, partition: number): Promise<number> {
  const [row] = await run<{ position: string }>(db, TAKE, [consumer, partition]);
  return Number(row?.position ?? 0);
}

const DROP = {
  name: 'drop-checkpoint',
  text: 'DELETE FROM global_state.checkpoints WHERE consumer = $1',
};

/** Ends a consumer. */
export async function dropCheckpoint(db: Queryable, consumer: string): Promise<void> {
  await run(db, DROP, [consumer]);
}
