import type { StoredRoot } from '../root.js';
import { type Queryable, raw } from './raw.js';

const SELECT = {
  name: 'roots-select',
  text: `
    SELECT partition, number, statement, encode(marks, 'base64'), encode(signature, 'base64')
    FROM global_state.log_roots WHERE (partition, number) > ($1, $2) ORDER BY partition, number LIMIT 100`,
};

const LAST = {
  name: 'roots-last',
  text: `
    SELECT partition, number, statement, encode(marks, 'base64'), encode(signature, 'base64')
    FROM global_state.log_roots WHERE partition = $1 ORDER BY number DESC LIMIT 1`,
};

/** Every root of every partition, in order, in pages. */
export async function* storedRoots(db: Queryable): AsyncGenerator<StoredRoot> {
  for (let after = [-1, 0]; ;) {
    const rows = (await raw(db, SELECT, after)).map(toRoot);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = [last.partition, last.number];
  }
}

/** The newest root of a partition. */
export async function lastRoot(db: Queryable, partition: number): Promise<StoredRoot | undefined> {
  const [row] = await raw(db, LAST, [partition]);
  return row && toRoot(row);
}

const AT = { name: 'roots-at', text: SELECT.text.replace('(partition, number) > ($1, $2)', 'partition = $1 AND number = $2') };
const AFTER = { name: 'roots-after', text: SELECT.text.replace('(partition, number) > ($1, $2)', 'partition = $1 AND number > $2') };

export async function rootAt(db: Queryable, partition: number, number: number): Promise<StoredRoot | undefined> {
  const [row] = await raw(db, AT, [partition, number]);
  return row && toRoot(row);
}

/** The roots of a partition above a number, in order, in pages. */
export async function* rootsAfter(db: Queryable, partition: number, number: number): AsyncGenerator<StoredRoot> {
  for (let after = number; ;) {
    const rows = (await raw(db, AFTER, [partition, after])).map(toRoot);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.number;
  }
}

const INSERT = 'INSERT INTO global_state.log_roots (partition, number, statement, marks, signature) VALUES ($1, $2, $3, $4, $5)';

/** Adds a root. The key of the table refuses a second one of the same number. */
export async function addRoot(db: Queryable, root: StoredRoot): Promise<void> {
  await db.query(INSERT, [root.partition, root.number, root.statement, root.marks, root.signature]);
}

function toRoot([partition, number, statement, marks, signature]: readonly (string | null)[]): StoredRoot {
  return {
    partition: Number(partition), number: Number(number), statement: statement!, marks: Buffer.from(marks!, 'base64'),
    signature: Buffer.from(signature!, 'base64'),
  };
}
