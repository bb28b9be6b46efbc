// The alternative encoding that docs/decisions/0004 weighs: the same append with one array a column instead of JSON.

/** Creates `bench_append_arrays`: the work of append_group for fresh aggregates, fed by arrays. */
export const APPEND_ARRAYS = `
  CREATE OR REPLACE FUNCTION bench_append_arrays(p_n int[], p_id uuid[], p_event uuid[], p_data text[], p_state text[],
    p_ops text[], p_clocks text[], p_hash text[]) RETURNS json LANGUAGE plpgsql SET enable_seqscan = off AS $$
  DECLARE found json;
  BEGIN
    PERFORM FROM global_state.log_heads WHERE partition = 0 FOR UPDATE;
    WITH head AS MATERIALIZED (
      SELECT partition, position, origin_sequence, greatest(committed_at, clock_timestamp()::timestamptz(3)) AS stamp
      FROM global_state.log_heads WHERE partition = 0
    ), item AS MATERIALIZED (
      SELECT * FROM unnest(p_n, p_id, p_event, p_data, p_state, p_ops, p_clocks, p_hash) AS i(n, i, e, d, s, o, w, h)
    ), fresh AS (
      SELECT * FROM item WHERE NOT EXISTS (
        SELECT FROM global_state.aggregate_states WHERE aggregate_type = 'player' AND aggregate_id = i)
    ), appended AS (
      INSERT INTO global_state.events (partition, position, event_id, aggregate_type, aggregate_id, generation, version,
        event_type, schema_version, data, ops, actor, origin_region, origin_sequence, hlc, hash, committed_at)
      SELECT 0, position + row_number() OVER (ORDER BY n), e, 'player', i, 0, 1, 'Counted', 1, d::json, o::json, 'bench',
        'bench', origin_sequence + n, n, decode(h, 'hex'), stamp
      FROM fresh, head RETURNING aggregate_id, position, committed_at
    ), stated AS (
      INSERT INTO global_state.aggregate_states (aggregate_type, aggregate_id, partition, generation, version, deleted,
        data, checksum, clocks, hash, hlc, fold_generation, position, last_modified)
      SELECT 'player', i, 0, 0, 1, false, s::json, decode(h, 'hex'), w::json, decode(h, 'hex'), n, 1, position, committed_at
      FROM fresh JOIN appended ON aggregate_id = i
      ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET version = excluded.version
    ), advanced AS (
      UPDATE global_state.log_heads AS log SET position = log.position + step.events,
        origin_sequence = log.origin_sequence + step.events, committed_at = step.stamp
      FROM (SELECT count(*) AS events, max(committed_at) AS stamp FROM appended) AS step
      WHERE log.partition = 0 RETURNING pg_notify('global_state_events', '')
    )
    SELECT json_build_object('head', (SELECT position FROM head), 'woken', (SELECT count(*) FROM advanced)) INTO found;
    RETURN found;
  END $$`;

const HASH = '0'.repeat(64);
const STATE = '{"n":1,"name":"x"}';
const CLOCKS = '{"n":1,"name":1}';
const OPS = '[["inc","/n","sum",1,1],["set","/name","lww","x"]]';

/** The prepared statement that appends these items in the given encoding. */
export function arraysOf(encoding, items, data) {
  if (encoding === 'arrays') {
    return {
      name: 'bench-arrays', text: 'SELECT bench_append_arrays($1, $2, $3, $4, $5, $6, $7, $8)',
      values: [
        items.map(({ n }) => n), items.map(({ id }) => id), items.map(({ event }) => event), items.map(() => data),
        items.map(() => STATE), items.map(() => OPS), items.map(() => CLOCKS), items.map(() => HASH),
      ],
    };
  }
  const states = items.map(({ n, id }) => `{"c":${n},"p":0,"t":"player","i":"${id}","b":0,"g":0,"v":1,"x":false,"d":${STATE},` +
    `"s":"${HASH}","w":${CLOCKS},"h":"${HASH}","l":${n},"fg":1}`);
  const events = items.map(({ n, id, event }) => `{"n":${n},"c":${n},"p":0,"e":"${event}","t":"player","i":"${id}","g":0,"v":1,` +
    `"y":"Counted","sv":1,"d":${data},"o":${OPS},"l":${n},"h":"${HASH}","u":false,"ac":"bench"}`);
  return {
    name: 'bench-json', text: 'SELECT global_state.append_group($1, $2, $3, NULL, $4)',
    values: [[0], `[${states.join()}]`, `[${events.join()}]`, 'bench'],
  };
}
