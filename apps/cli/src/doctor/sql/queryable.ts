import type { Client } from 'pg';

/** A connection that statements run on. */
export type Queryable = Pick<Client, 'query'>;
