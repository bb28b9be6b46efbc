import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStartup } from './postgres-startup.js';

/**
 * What happens to bytes on their way, in both directions. `drop`: they vanish, and the connection stays open; `stall`:
 * they arrive when it is over, as after a break that TCP outlives; `cut`: the connection is reset, and so is each new
 * one; `delay`: each piece comes later.
 */
export type Fault = ({ readonly kind: 'drop' | 'stall' | 'cut' } | { readonly kind: 'delay'; readonly ms: number }) & {
  /** Only connections to PostgreSQL whose startup packet has one of these as its `application_name`. */
  readonly only?: readonly string[];
};

export interface ProxyTarget {
  /** Of PostgreSQL the startup packet is read, of any other server nothing. */
  readonly protocol: 'postgres' | 'redis';
  /** A port, or the path of a Unix socket. */
  readonly to: NetConnectOpts;
}

/** A TCP port on 127.0.0.1 in front of a server, with faults on demand. */
export class TcpProxy {
  /** Bytes that vanished so far. */
  lost = 0;
  private readonly links = new Set<Link>();
  private fault: Fault | undefined;
  private readonly waiting = new Set<() => void>();

  private constructor(private readonly target: ProxyTarget, private readonly server: Server) {
    server.on('connection', (client) => this.accept(client));
  }

  static async listen(target: ProxyTarget): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(target, server);
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** The application names of the connections to PostgreSQL that are open. */
  get names(): string[] {
    return [...this.links].map(({ name }) => name ?? '').toSorted();
  }

  /** Begins a fault, on open connections and on those to come; one at a time. */
  begin(fault: Fault): void {
    if (this.fault) throw new Error('a fault is there already');
    this.fault = fault;
    for (const link of this.links) if (fault.kind === 'cut' && this.faultOf(link)) link.reset();
  }

  /** Ends the fault. A connection that lost bytes is reset: what would go on is no conversation. */
  heal(): void {
    this.fault = undefined;
    for (const goOn of this.waiting) goOn();
    this.waiting.clear();
    for (const link of this.links) if (link.lostBytes) link.reset();
  }

  async close(): Promise<void> {
    this.heal();
    this.server.close();
    for (const link of this.links) link.reset();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    const link = new Link(client, connect({ ...this.target.to, allowHalfOpen: true }));
    this.links.add(link);
    void link.closed.then(() => this.links.delete(link));
    void this.serve(link);
  }

  private async serve(link: Link): Promise<void> {
    try {
      if (this.target.protocol === 'postgres') {
        const { name, bytes } = await readStartup(link.client);
        link.name = name;
        if (await this.passes(link, bytes.length)) link.server.write(bytes);
      }
      await Promise.all([
        this.carry(link, link.client, link.server),
        this.carry(link, link.server, link.client),
      ]);
    } catch {
      await this.unheard(link);
      link.reset(); // one side is gone, in whatever way: the other one learns it
    }
  }

  private async carry(link: Link, from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer;
      if (!await this.passes(link, bytes.length)) continue;
      if (!to.write(bytes)) await once(to, 'drain');
    }
    await this.unheard(link);
    to.end();
  }

  /** While bytes are dropped, an end is not heard of either. */
  private async unheard(link: Link): Promise<void> {
    while (this.faultOf(link)?.kind === 'drop') await this.healing();
  }

  private healing(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  /** Resolves when the bytes may go on; with false if they are lost. */
  private async passes(link: Link, bytes: number): Promise<boolean> {
    for (;;) {
      const fault = this.faultOf(link);
      if (fault?.kind === 'delay') await sleep(fault.ms);
      if (!fault || fault.kind === 'delay') return true;
      if (fault.kind === 'drop') {
        this.lost += bytes;
        link.lostBytes = true;
      }
      if (fault.kind === 'cut') link.reset();
      if (fault.kind !== 'stall') return false;
      await this.healing();
    }
  }

  private faultOf({ name }: Link): Fault | undefined {
    const only = this.fault?.only;
    return !only || (name !== undefined && only.includes(name)) ? this.fault : undefined;
  }
}

/** A client's connection and ours to the server on its behalf. */
class Link {
  name: string | undefined;
  lostBytes = false;
  readonly closed: Promise<unknown>;

  constructor(readonly client: Socket, readonly server: Socket) {
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // whoever carries from it, or the end of it, shows it
    }
    this.closed = Promise.all([client, server].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  reset(): void {
    // Node leaks the handle of a socket that is reset while its own end is on the way, and then the process never ends.
    if (this.client.writableEnded) this.client.destroy();
    else this.client.resetAndDestroy();
    this.server.destroy(); // may be a Unix socket, which knows no reset
  }
}
