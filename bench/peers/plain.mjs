// What one would write by hand: a plain insert of the event in a transaction of its own. The unique key is the version check:
// an insert of a version that is there already fails. No state, no dense positions, no hash.
import pg from 'pg';
import { drive } from '../lib/drive.mjs';
import { EVENT_DATA, EVENT_TYPE, Streams } from '../lib/events.mjs';

const TABLE = `CREATE TABLE events (position bigserial PRIMARY KEY, stream uuid NOT NULL, version bigint NOT NULL,
  type text NOT NULL, data json NOT NULL, at timestamptz NOT NULL DEFAULT now(), UNIQUE (stream, version))`;

export async function open({ url }) {
  const pool = new pg.Pool({ connectionString: url, max: 64 });
  await pool.query(TABLE);
  const streams = new Streams();
  return {
    append: ({ inFlight, seconds }) => drive({
      inFlight, seconds, one: () => streams.withNext((id, version) => pool.query({
        name: 'append', text: 'INSERT INTO events (stream, version, type, data) VALUES ($1, $2, $3, $4)',
        values: [id, version + 1, EVENT_TYPE, JSON.stringify(EVENT_DATA)],
      })),
    }),
  };
}
