import { type Queryable, run } from './database.js';

const EPOCH = { name: 'log-epoch', text: 'SELECT epoch FROM global_state.log_epoch' };

/** The epoch of the log, renewed when it is restored: cursors of another epoch mean nothing here. */
export async function readEpoch(db: Queryable): Promise<string> {
  const [row] = await run<{ epoch: string }>(db, EPOCH, []);
  return row!.epoch;
}

const HEAD = { name: 'log-head', text: 'SELECT position FROM global_state.log_heads WHERE partition = $1' };

/** The newest position of a log partition; 0 while it is empty. */
export async function readHead(db: Queryable, partition: number): Promise<number> {
  const [row] = await run<{ position: string }>(db, HEAD, [partition]);
  if (!row) throw new Error(`log partition ${partition} has no head`);
  return Number(row.position);
}
