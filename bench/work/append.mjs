import { bestConcurrency, goal, measureInTurn } from '../lib/rounds.mjs';

export const title = 'Durable append of a 300 byte event with expected version to 10,000 streams';
export const order = 1;

const BATCH = 50;
/** Connections that keep about 256 events in flight in batches of 50, and about the service's bound on events in flight. */
const BATCH_CONNECTIONS = [5, 12];
/** As many bytes as the service's answer to a published event. */
const APPENDED = JSON.stringify({
  eventId: '00000000-0000-4000-8000-000000000000', eventVersion: 1, timestamp: '2026-01-01T00:00:00.000Z', status: 'processed',
});
const PGBENCH_16 = 'pgbench, one SQL function, 16 clients';
const LIBRARY_256 = 'library, 256 in flight';
const HTTP_256 = 'HTTP single, 256 in flight';
const WITH_KEY = ', each with an idempotency key';
const BARE = 'bare Fastify, parses the same body, 256 in flight';

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { rounds } = bench.plan;
  const rows = [
    ...await pgbenchRows(bench), ...await libraryRows(bench), ...await httpRows(bench),
    await peerRow(bench, 'plain'), await peerRow(bench, 'castore'), await peerRow(bench, 'emmett'),
  ];
  const measured = await measureInTurn({ title: 'append', rows, rounds });
  return { rows: measured.rows, goals: goalsOf(measured), notes: NOTES };
}

const NOTES = [
  'Rows of this service write events, states and hashes, and with an idempotency key also its receipt, each answered after its commit.',
  'pgbench tells no quantiles; its client is C on the same cores, where ours is Node.',
];

async function pgbenchRows(bench) {
  const { pgbench, absent } = await bench.pgbench();
  return [16, 64].map((clients) => ({
    name: `pgbench, one SQL function, ${clients} clients`, absent,
    run: () => pgbench.append({ clients, seconds: bench.plan.seconds }),
  }));
}

async function libraryRows(bench) {
  const { peer, absent } = await bench.peer('ours');
  const { seconds } = bench.plan;
  const row = (inFlight, receipts) => ({
    name: `library, ${inFlight} in flight${receipts ? WITH_KEY : ''}`, absent,
    run: () => peer.call('append', { inFlight, seconds, receipts }),
  });
  return [row(64, false), row(256, false), row(256, true)];
}

async function httpRows(bench) {
  const { seconds } = bench.plan;
  const { port, token } = await bench.service();
  const load = await bench.host('load/http-append.mjs', { port, token });
  const bare = await bench.host('load/bare-server.mjs', { kind: 'fastify', appended: APPENDED });
  const bareLoad = await bench.host('load/http-append.mjs', { port: await bare.call('port'), token });
  return [
    ...[[64, false], [256, false], [256, true]].map(([inFlight, receipts]) => ({
      name: `HTTP single, ${inFlight} in flight${receipts ? WITH_KEY : ''}`,
      run: () => load.call('single', { inFlight, seconds, receipts }),
    })),
    ...BATCH_CONNECTIONS.map((inFlight) => ({
      name: batchName(inFlight), run: () => load.call('batch', { inFlight, size: BATCH, seconds }),
    })),
    { name: BARE, run: () => bareLoad.call('single', { inFlight: 256, seconds }) },
  ];
}

const batchName = (inFlight) => `HTTP batches of ${BATCH}, ${inFlight} in flight`;

const PEERS = { plain: 'Node pg, one transaction an event', castore: 'castore', emmett: 'emmett' };

/** A peer at its best concurrency, found by trying. */
async function peerRow(bench, key) {
  const { peer, absent } = await bench.peer(key);
  const name = PEERS[key];
  if (absent !== undefined) return { name, absent };
  try {
    const inFlight = await bestConcurrency(name, (tried) => peer.call('append', { inFlight: tried, seconds: bench.plan.trySeconds }));
    return { name, note: `${inFlight} in flight, its best`, run: () => peer.call('append', { inFlight, seconds: bench.plan.seconds }) };
  } catch (error) {
    return { name, absent: error.message };
  }
}

function goalsOf(measured) {
  const against = (text, row, base, atLeast) => goal(`${text} ≥ ${atLeast} ×`, measured.ratio(row, base), { atLeast });
  const batches = BATCH_CONNECTIONS.map((inFlight) =>
    against(`${batchName(inFlight)} / pgbench 16`, batchName(inFlight), PGBENCH_16, 3));
  return [
    against('library, 256 / pgbench 16', LIBRARY_256, PGBENCH_16, 2.5),
    against('library, 256 with keys / pgbench 16', LIBRARY_256 + WITH_KEY, PGBENCH_16, 2.5),
    against('library, 256 / emmett', LIBRARY_256, PEERS.emmett, 10),
    against('library, 256 / castore', LIBRARY_256, PEERS.castore, 3),
    against('HTTP single, 256 / pgbench 16', HTTP_256, PGBENCH_16, 1.3),
    against('HTTP single, 256 with keys / pgbench 16', HTTP_256 + WITH_KEY, PGBENCH_16, 1.3),
    against('HTTP single, 256 / bare Fastify', HTTP_256, BARE, 0.35),
    ...batches,
  ];
}
