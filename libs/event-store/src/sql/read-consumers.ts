import { type Queryable, run } from './database.js';

/** Where a durable consumer stands in a partition of the log, as of one moment. */
export interface ConsumerPosition {
  readonly name: string;
  readonly partition: number;
  readonly position: number;
  readonly head: number;
  /** Since the oldest event that it has not handled was committed; 0 if it has handled all. */
  readonly lagSeconds: number;
  /** Since its checkpoint moved last, or was made. */
  readonly unmovedSeconds: number;
  /** Of the positions up to its own, so many were counted, and so many are there. */
  readonly checked: number;
  readonly found: number;
  /** Aggregates that it could not handle, and is not given any more. */
  readonly parked: number;
}

/** Positions that are counted below each checkpoint. */
const CHECKED = 500;

const READ = {
  name: 'read-consumers',
  text: `
    SELECT c.consumer AS name, c.partition, c.position::float8, h.position::float8 AS head,
      coalesce(greatest(extract(epoch FROM clock_timestamp() - next.committed_at), 0), 0)::float8 AS "lagSeconds",
      greatest(extract(epoch FROM clock_timestamp() - c.updated_at), 0)::float8 AS "unmovedSeconds",
      least(c.position, $1)::integer AS checked,
      (SELECT count(*)::integer FROM global_state.events AS e
        WHERE e.partition = c.partition AND e.position > c.position - $1 AND e.position <= c.position) AS found,
      (SELECT count(*)::integer FROM global_state.dead_letters AS d WHERE d.consumer = c.consumer AND d.status = 'parked') AS parked
    FROM global_state.checkpoints AS c JOIN global_state.log_heads AS h USING (partition)
    LEFT JOIN LATERAL (
      SELECT e.committed_at FROM global_state.events AS e
      WHERE e.partition = c.partition AND e.position > c.position ORDER BY e.position LIMIT 1
    ) AS next ON true
    ORDER BY name, partition`,
};

/** Every durable consumer that ever ran, by name. */
export function readConsumers(db: Queryable): Promise<ConsumerPosition[]> {
  return run<ConsumerPosition>(db, READ, [CHECKED]);
}
