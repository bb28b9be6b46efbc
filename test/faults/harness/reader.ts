import type { Aggregate } from './client-log.js';
import { PLAIN_MAY_LAG_MS, type ReadAnswer, type ReadOrder, type TimedLog } from './timed-log.js';
import type { Address, Heard, Transport } from './transport.js';

/** A write as its answer tells of it. */
interface Write {
  readonly version: number;
  readonly position: string;
}

interface Told {
  readonly newVersion?: number;
  readonly eventVersion?: number;
}

type Kind = 'plain' | 'conditional' | 'since' | 'strong';

/** Reads states in all the ways there are, and has each answer judged. */
export class Reader {
  private readonly writes = new Map<string, Write>();
  private readonly tags = new Map<string, string>();

  constructor(private readonly log: TimedLog, private readonly transport: Transport) {}

  /** Takes in the answer to a write of one aggregate, or of several by a batch. */
  wrote(aggregates: readonly Aggregate[], { status, headers, text }: Heard): void {
    if (status >= 300) return;
    const position = headers['x-position'];
    if (typeof position !== 'string') return this.log.violate('answer', `a write was answered without X-Position: ${text}`);
    const body = (text ? JSON.parse(text) : {}) as Told & { results?: readonly Told[] };
    for (const [i, aggregate] of aggregates.entries()) {
      const { newVersion, eventVersion } = body.results?.[i] ?? body;
      // A deletion does not say its version, but nobody else writes to what its client deletes.
      const version = newVersion ?? eventVersion ?? this.log.newestOf(aggregate);
      if (version >= (this.writes.get(aggregate.id)?.version ?? 0)) this.writes.set(aggregate.id, { version, position });
    }
  }

  /** May be somewhat old. */
  async plain(to: Address, aggregate: Aggregate): Promise<void> {
    await this.read(to, aggregate, { kind: 'plain', headers: {} });
  }

  /** The same for one who has a version already. */
  async conditional(to: Address, aggregate: Aggregate): Promise<void> {
    const tag = this.tags.get(aggregate.id);
    await this.read(to, aggregate, tag === undefined
      ? { kind: 'plain', headers: {} } : { kind: 'conditional', headers: { 'if-none-match': tag } });
  }

  /** Must show the newest write whose position is known. */
  async since(to: Address, aggregate: Aggregate): Promise<void> {
    const write = this.writes.get(aggregate.id);
    await this.read(to, aggregate, write === undefined
      ? { kind: 'plain', headers: {} }
      : { kind: 'since', headers: { 'x-min-position': write.position }, floor: write.version });
  }

  /** Must show everything that was acknowledged before. */
  async strong(to: Address, aggregate: Aggregate): Promise<void> {
    await this.read(to, aggregate, {
      kind: 'strong', headers: { 'cache-control': 'no-cache' }, floor: this.log.newestOf(aggregate),
    });
  }

  private async read(
    to: Address, aggregate: Aggregate, ask: { kind: Kind; headers: Record<string, string>; floor?: number },
  ): Promise<void> {
    const { kind, headers, floor = 0 } = ask;
    const sentAtMs = performance.now();
    const known = this.log.knownAt(aggregate, sentAtMs - PLAIN_MAY_LAG_MS);
    const order: ReadOrder = {
      aggregate, sentAtMs, floor: Math.max(floor, known), otherwise: kind === 'since' && floor > known ? 'unseen' : 'stale',
      how: `${to.url} (${kind})`,
    };
    const heard = await this.transport.send(to, {
      method: 'GET', path: `/api/v1/state/${aggregate.type}/${aggregate.id}`, headers,
    });
    if (!heard || heard.status === 503) {
      this.log.reading.unanswered += 1;
      return;
    }
    this.log.figures.reads += 1;
    this.log.reading[kind] += 1;
    const answer = this.understand(aggregate, heard, headers['if-none-match']);
    if (answer) this.log.judge(order, answer);
    else this.log.violate('answer', `${order.how} -> ${heard.status} ${String(heard.headers.etag)} ${heard.text}`);
  }

  /** Nothing for an answer that must not be. */
  private understand(aggregate: Aggregate, heard: Heard, tag: string | undefined): ReadAnswer | undefined {
    const { status, headers, text } = heard;
    if (status === 304) {
      if (tag === undefined || headers.etag !== tag) return undefined;
      this.log.reading.notModified += 1;
      return { version: Number(/\d+/.exec(tag)?.[0]) };
    }
    if (status !== 200 && status !== 404) return undefined;
    const body = JSON.parse(text) as { version?: number; aggregateId?: string; details?: { deletedAtVersion?: number } };
    if (status === 404) return { version: body.details?.deletedAtVersion ?? 0, body: 'deleted' };
    const { version } = body;
    if (version === undefined || body.aggregateId !== aggregate.id || headers.etag !== `"v${version}"`) return undefined;
    this.tags.set(aggregate.id, `"v${version}"`);
    return { version, body: text };
  }
}
