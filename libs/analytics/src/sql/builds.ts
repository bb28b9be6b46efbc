import { run } from '@app/event-store';
import type { PoolClient } from 'pg';

const LIVE = { name: 'analytics-live-build', text: 'SELECT live FROM global_state.analytics_builds' };

/** The build that is served and counted on. */
export async function readLiveBuild(client: PoolClient): Promise<number> {
  const [row] = await run<{ live: number }>(client, LIVE, []);
  return row!.live;
}

const ADD = { name: 'analytics-add-build', text: 'UPDATE global_state.analytics_builds SET newest = newest + 1 RETURNING live, newest' };

/** A number for a new build, greater than all before. */
export async function addBuild(client: PoolClient): Promise<{ readonly live: number; readonly newest: number }> {
  const [row] = await run<{ live: number; newest: number }>(client, ADD, []);
  return row!;
}

const GO_LIVE = { name: 'analytics-go-live', text: 'UPDATE global_state.analytics_builds SET live = $1' };

/** From this transaction's commit on the build is the one that is served and counted on. */
export async function goLive(client: PoolClient, build: number): Promise<void> {
  await run(client, GO_LIVE, [build]);
}
