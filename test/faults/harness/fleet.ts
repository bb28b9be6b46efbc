import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgres } from '@app/embedded-postgres';
import { type PersistenceOfRedis, type RedisServer, startRedis } from '@app/testing';
import { ServiceProcess } from './service-process.js';
import { TcpProxy } from './tcp-proxy.js';

const PLANTED = pathToFileURL(join(__dirname, '../planted/'));

export interface FleetOptions {
  readonly instances: number;
  /** Absent: the instances have no Redis. */
  readonly redis?: PersistenceOfRedis;
  /** Whether all instances have the proxy before PostgreSQL, not only the first one. */
  readonly allBehindProxy?: boolean;
  /** By the number of an instance: a module under test/faults/planted that puts a bug into it. */
  readonly planted?: Readonly<Record<number, string>>;
}

/** Several instances of the built service on one PostgreSQL and one Redis. The first one has a proxy before PostgreSQL. */
export class Fleet {
  readonly instances: ServiceProcess[] = [];
  private readonly secret = randomBytes(32).toString('hex');

  private constructor(
    readonly dataDir: string, readonly postgres: EmbeddedPostgres, readonly proxy: TcpProxy,
    private readonly maybeRedis: RedisServer | undefined,
  ) {}

  static async start(options: FleetOptions): Promise<Fleet> {
    const dataDir = await mkdtemp(join(tmpdir(), 'gss-fleet-'));
    const postgres = await EmbeddedPostgres.start({ dataDir });
    const { host, port } = postgres.connection;
    const proxy = await TcpProxy.listen({ protocol: 'postgres', to: { path: join(host, `.s.PGSQL.${port}`) } });
    const fleet = new Fleet(dataDir, postgres, proxy, options.redis && await startRedis({ persistence: options.redis }));
    try {
      await fleet.startInstances(options);
    } catch (error) {
      await fleet.end();
      throw error;
    }
    return fleet;
  }

  get hasRedis(): boolean {
    return this.maybeRedis !== undefined;
  }

  get redis(): RedisServer {
    if (!this.maybeRedis) throw new Error('this fleet has no Redis');
    return this.maybeRedis;
  }

  /** Ends everything and removes the data. */
  async end(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.remove()));
    await this.proxy.close();
    await this.maybeRedis?.stop();
    await this.postgres.stop();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  /** One more instance, which takes no part in the load. Remove it when it is done with. */
  startFresh(): Promise<ServiceProcess> {
    return this.startInstance(this.postgres.url);
  }

  private startInstance(databaseUrl: string, planted?: string): Promise<ServiceProcess> {
    return ServiceProcess.start({
      secret: this.secret,
      env: { ...(this.maybeRedis ? { REDIS_URL: this.maybeRedis.url } : {}), DATABASE_URL: databaseUrl },
      nodeArgs: planted === undefined ? [] : ['--import', new URL(planted, PLANTED).href],
    });
  }

  private async startInstances({ instances, planted, allBehindProxy }: FleetOptions): Promise<void> {
    const behindProxy = `postgres://postgres@127.0.0.1:${this.proxy.port}/postgres?sslmode=disable`;
    const started = await Promise.allSettled(Array.from({ length: instances }, (_, i) =>
      this.startInstance(i === 0 || allBehindProxy ? behindProxy : this.postgres.url, planted?.[i])));
    for (const one of started) if (one.status === 'fulfilled') this.instances.push(one.value);
    for (const one of started) if (one.status === 'rejected') throw one.reason;
  }
}
