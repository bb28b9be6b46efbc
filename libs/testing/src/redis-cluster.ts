import { eventually } from './eventually.js';
import { askRedis, type RedisServer, startRedis } from './redis.js';

const SLOTS = 16_384;
const JOINED_WITHIN_MS = 30_000;

/** A Redis Cluster of masters, each with an equal share of the slots, then their replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** One URL for each node. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts a Redis Cluster for one spec; resolves when every node takes commands. Stop it when the spec is over.
 * @param size number of masters
 * @param replicas further nodes, of which each follows one of the first masters
 */
export async function startRedisCluster(size = 3, replicas = 0): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const stop = async (): Promise<void> => { await Promise.all(nodes.map((node) => node.stop())); };
  try {
    for (let i = 0; i < size + replicas; i += 1) nodes.push(await startNode());
    await join(nodes, size);
    for (let i = 0; i < replicas; i += 1) await replicate(nodes[size + i]!, nodes[i]!);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, urls: nodes.map(({ url }) => url), stop };
}

function startNode(): Promise<RedisServer> {
  return startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'] });
}

async function join(nodes: readonly RedisServer[], masters: number): Promise<void> {
  for (const [i, { port }] of nodes.entries()) {
    const share = (n: number): number => Math.floor((Math.min(n, masters) * SLOTS) / masters);
    const slots = Array.from({ length: share(i + 1) - share(i) }, (_, slot) => String(share(i) + slot));
    if (slots.length > 0) await tell(port, 'CLUSTER', 'ADDSLOTS', ...slots);
    await tell(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1)); // else they all claim epoch 0 and settle it at length
    await tell(port, 'CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]!.port));
  }
  for (const { port } of nodes) {
    await eventually(async () => {
      const info = await askRedis(port, 'CLUSTER', 'INFO');
      const is = (line: string): boolean => info.includes(`${line}\r\n`);
      if (!is('cluster_state:ok') || !is(`cluster_known_nodes:${nodes.length}`)) throw new Error(info);
    }, JOINED_WITHIN_MS);
  }
}

async function replicate({ port }: RedisServer, master: RedisServer): Promise<void> {
  const id = (await askRedis(master.port, 'CLUSTER', 'MYID')).split('\r\n')[1]!;
  await eventually(() => tell(port, 'CLUSTER', 'REPLICATE', id), JOINED_WITHIN_MS); // until it has heard of the master
  await eventually(async () => {
    const info = await askRedis(port, 'INFO', 'replication');
    if (!info.includes('master_link_status:up')) throw new Error(info);
  }, JOINED_WITHIN_MS);
}

async function tell(port: number, ...words: readonly string[]): Promise<void> {
  const answer = await askRedis(port, ...words);
  if (answer !== '+OK') throw new Error(`${words.slice(0, 2).join(' ')}: ${answer}`);
}
