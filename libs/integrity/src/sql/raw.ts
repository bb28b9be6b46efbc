import { type ClientBase, escapeLiteral, type Pool } from 'pg';

/** Anything that runs one statement. */
export type Queryable = Pick<ClientBase | Pool, 'query'>;

/** A row as PostgreSQL sent it: texts, in the order of the columns. */
export type RawRow = readonly (string | null)[];

const AS_SENT = { getTypeParser: () => (value: string | Buffer) => value };

/** Runs a prepared statement and leaves every value the text it came as: what is hashed must not pass through a parser. */
export function raw(db: Queryable, statement: { name: string; text: string }, values: readonly unknown[]): Promise<RawRow[]> {
  return inTurn(db, async () => (await db.query<(string | null)[]>({ ...statement, values: [...values], rowMode: 'array', types: AS_SENT })).rows);
}

/** A connection runs one statement at a time; walks that share one take turns. */
export function inTurn<T>(db: Queryable, ask: () => Promise<T>): Promise<T> {
  const turn = (turns.get(db) ?? Promise.resolve()).then(ask);
  turns.set(db, turn.catch(() => undefined)); // its error is for whoever asked
  return turn;
}

const turns = new WeakMap<Queryable, Promise<unknown>>();

/** A value in a statement that takes no parameters, as COPY takes none. */
export function literal(value: string): string {
  return escapeLiteral(value);
}

/** One unchanging view of the database, until the transaction ends. */
export const BEGIN_FROZEN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

const EXPORT = 'SELECT pg_export_snapshot() AS id';

/** A name by which other connections can see just what this transaction sees, as long as it is open. */
export async function exportSnapshot(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ id: string }>(EXPORT);
  return rows[0]!.id;
}

/** Begins a transaction that sees what the exporting one sees. */
export async function beginAt(db: Queryable, snapshot: string): Promise<void> {
  await db.query(BEGIN_FROZEN);
  if (!/^[0-9A-F-]+$/i.test(snapshot)) throw new Error(`${snapshot} is not the name of a snapshot`);
  await db.query(`SET TRANSACTION SNAPSHOT '${snapshot}'`);
}
