import { type Queryable, run } from '@app/event-store';
import type { PoolClient } from 'pg';

const LIVE = { name: 'analytics-live-build', text: 'SELECT live FROM global_state.analytics_builds' };

/** The build that is served and counted on. */
export async function readLiveBuild(client: PoolClient): Promise<number> {
  const [row] = await run<{ live: number }>(client, LIVE, []);
  return row!.live;
}

/** Which builds there are: any other is of no use. */
export interface Builds {
  readonly live: number;
  /** The last number that was given to one. */
  readonly newest: number;
  /** The one to go back to, and up to where it counts. */
  readonly previous?: { readonly build: number; readonly position: number };
}

interface Row {
  readonly live: number;
  readonly newest: number;
  readonly previous: number | null;
  readonly position: number | null;
}

const COLUMNS = 'live, newest, previous, previous_position::float8 AS position';
const READ = { name: 'analytics-builds', text: `SELECT ${COLUMNS} FROM global_state.analytics_builds` };

export async function readBuilds(db: Queryable): Promise<Builds> {
  const [row] = await run<Row>(db, READ, []);
  return toBuilds(row!);
}

const ADD = { name: 'analytics-add-build', text: `UPDATE global_state.analytics_builds SET newest = newest + 1 RETURNING ${COLUMNS}` };

/** Gives out a number for a new build, greater than all before. */
export async function addBuild(client: PoolClient): Promise<Builds> {
  const [row] = await run<Row>(client, ADD, []);
  return toBuilds(row!);
}

const GO_LIVE = { name: 'analytics-go-live', text: 'UPDATE global_state.analytics_builds SET live = $1, previous = live, previous_position = $2' };

/** From this transaction's commit on the build is the one that is served and counted on; the one before stays as it is. */
export async function goLive(client: PoolClient, build: number, position: number): Promise<void> {
  await run(client, GO_LIVE, [build, position]);
}

const GO_BACK = { name: 'analytics-go-back', text: 'UPDATE global_state.analytics_builds SET live = previous, previous = NULL, previous_position = NULL' };

/** From this transaction's commit on the build before is the live one again. */
export async function goBack(client: PoolClient): Promise<void> {
  await run(client, GO_BACK, []);
}

function toBuilds({ live, newest, previous, position }: Row): Builds {
  return { live, newest, ...(previous !== null && position !== null && { previous: { build: previous, position } }) };
}
