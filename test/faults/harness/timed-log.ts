import { createHash } from 'node:crypto';
import { type Aggregate, ClientLog, placeOf } from './client-log.js';

/** What a read may not fall behind, as it was known when it was sent. */
export interface ReadOrder {
  readonly aggregate: Aggregate;
  readonly sentAtMs: number;
  /** The version that it must show at least, and what is wrong if it does not. */
  readonly floor: number;
  readonly otherwise: 'stale' | 'unseen';
  /** Instance and kind of read: to explain a violation. */
  readonly how: string;
}

export interface ReadAnswer {
  /** Of a tombstone too; 0 if the answer is that there never was one. */
  readonly version: number;
  /** Absent for an answer without one (304). */
  readonly body?: string;
}

interface Reached {
  readonly version: number;
  readonly atMs: number;
}

/** A plain read may be as old as this, and no older, whatever fails. The service promises 150 ms, this machine stalls. */
export const PLAIN_MAY_LAG_MS = 500;

/** The clients' log with the time at which each version was known to all, to judge the age of what is read. */
export class TimedLog extends ClientLog {
  readonly reading = { plain: 0, conditional: 0, notModified: 0, since: 0, strong: 0, unanswered: 0, stalestMs: 0, over150: 0 };
  private readonly reached = new Map<string, Reached[]>();
  private readonly bodies = new Map<string, string>();

  override learn(aggregate: Aggregate, version: number): void {
    if (version > this.newestOf(aggregate)) {
      const list = this.reached.get(aggregate.id) ?? [];
      list.push({ version, atMs: performance.now() });
      this.reached.set(aggregate.id, list);
    }
    super.learn(aggregate, version);
  }

  /** The newest version that was known at a time. */
  knownAt({ id }: Aggregate, atMs: number): number {
    return this.reached.get(id)?.findLast((reached) => reached.atMs <= atMs)?.version ?? 0;
  }

  /** Takes in the answer to a read. */
  judge(order: ReadOrder, answer: ReadAnswer): void {
    const { aggregate, floor, how, otherwise, sentAtMs } = order;
    const place = placeOf(aggregate, answer.version);
    const overtaken = this.reached.get(aggregate.id)?.find(({ version }) => version > answer.version);
    const ageMs = overtaken ? Math.max(0, Math.round(sentAtMs - overtaken.atMs)) : 0;
    if (answer.version < floor) {
      this.violate(otherwise, `${how} answered ${place}, ${ageMs} ms after a newer one; version ${floor} was due`);
    }
    this.reading.stalestMs = Math.max(this.reading.stalestMs, ageMs);
    if (ageMs > 150) this.reading.over150 += 1;
    if (answer.body !== undefined && answer.version > 0) this.compare(place, answer.body, how);
  }

  /** Whatever instance and layer a body comes from, there is one for each version. */
  private compare(place: string, body: string, how: string): void {
    const digest = createHash('sha1').update(body).digest('base64');
    const known = this.bodies.get(place);
    if (known === undefined) this.bodies.set(place, digest);
    else if (known !== digest) this.violate('bytes', `${how} answered ${place} otherwise than it was before: ${body}`);
    const { tag } = this.acknowledged.get(place) ?? {};
    if (tag !== undefined && !body.includes(`"tag":"${tag}"`)) {
      this.violate('bytes', `${how} answered ${place} without its ${tag}: ${body}`);
    }
  }
}
