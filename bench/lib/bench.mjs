import { Closing } from './closing.mjs';
import { findPgbench, installEmmett, installPeers } from './peers.mjs';
import { preparePgbench } from './pgbench.mjs';
import { startHost } from './host.mjs';
import { startPostgres, startRedis, startService } from './servers.mjs';
import { newToken, tokenOf } from './tokens.mjs';

const here = (path) => new URL(`../${path}`, import.meta.url);

/** What a work item can ask for. Everything is started when it is first wanted, and ended by `closing`. */
export class Bench {
  #postgres;
  #token;
  #peers = new Map();
  #whole;

  /** @param {{ plan: import('./plan.mjs').Plan, env: Record<string, string>, withEmmett: boolean }} options */
  constructor(closing, { plan, env, withEmmett }, whole) {
    this.closing = closing;
    this.#whole = whole;
    this.plan = plan;
    this.env = env;
    this.withEmmett = withEmmett;
  }

  /** The same servers for one work item: what the item starts is ended by the part's `closing`. */
  part() {
    const closing = new Closing();
    this.closing.add(() => closing.all());
    return new Bench(closing, this, this);
  }

  get postgres() {
    if (this.#whole) return this.#whole.postgres;
    this.#postgres ??= startPostgres(this.closing);
    return this.#postgres;
  }

  /** The version, if a server was wanted. */
  get postgresVersion() {
    return this.#postgres?.then(({ version }) => version, () => undefined);
  }

  get token() {
    this.#token ??= newToken();
    return this.#token;
  }

  /** So many tokens that the services of this run take, each of a subject of its own. */
  async tokens(count) {
    const { secret } = await this.token;
    return await Promise.all(Array.from({ length: count }, (_, i) => tokenOf(secret, `bench-${i}`)));
  }

  /** A token of the role `operator`. */
  async operatorToken() {
    const { secret } = await this.token;
    return await tokenOf(secret, 'bench-operator', 'operator');
  }

  /** A process of the bench: `path` under bench/. */
  host(path, options, env) {
    return startHost(this.closing, here(path), options, env);
  }

  redis() {
    return startRedis(this.closing);
  }

  /** An instance on a fresh database, or on the given one. @returns with `port`, `token`, `database`, `memory()`, `cpu()` and `close()` */
  async service({ database, redis, env = {} } = {}) {
    const { secret, token } = await this.token;
    const on = database ?? await (await this.postgres).database('service');
    const instance = await startService(this.closing, { database: on, secret, redis, env: { ...this.env, ...env } });
    return { ...instance, token, database: on };
  }

  /**
   * One of `ours`, `plain`, `castore`, `emmett` on a database of its own, in a process of its own: `{ peer }`, or `{ absent }` with the
   * reason.
   */
  async peer(name) {
    const known = this.#peers.get(name) ?? this.#openPeer(name).catch((error) => ({ absent: error.message }));
    this.#peers.set(name, known);
    return await known;
  }

  async #openPeer(name) {
    const absent = name === 'emmett' ? installEmmett(this.withEmmett) : name === 'castore' ? installPeers() : undefined;
    if (absent !== undefined) return { absent };
    const { url, name: database, host, port, user } = await (await this.postgres).database(name);
    const module = name === 'emmett' ? 'emmett/peer.mjs' : `peers/${name}.mjs`;
    return { peer: await this.host(module, { url, database }, { PGHOST: host, PGPORT: String(port), PGUSER: user }) };
  }

  /** `{ pgbench }` with `append({ clients, seconds })`, or `{ absent }`. */
  async pgbench() {
    const program = findPgbench();
    if (program === undefined) return { absent: 'there is no pgbench on the PATH or under /usr/lib/postgresql' };
    return { pgbench: await preparePgbench(this.closing, program, await (await this.postgres).database('pgbench')) };
  }
}
