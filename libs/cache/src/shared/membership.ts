import { randomUUID } from 'node:crypto';
import type { KeyChange } from '../ports.js';
import type { RedisConnection } from './redis-connection.js';
import { ADVANCE, JOIN } from './scripts.js';

/** What it takes to make up for changes that Redis was not told. */
export interface MembershipPorts {
  /** Up to here this instance has seen the log; -1 before the first look. */
  position(): number;
  epoch(): string | undefined;
  /** `undefined` if they are more than `limit`. */
  changesSince(after: number, upTo: number, limit: number): Promise<readonly KeyChange[] | undefined>;
  tell(namespace: string, changes: readonly KeyChange[]): Promise<void>;
}

const MOST_TO_MAKE_UP = 10_000;
/** How often the namespace is looked at again, and its position advanced. In ms. */
const ADVANCE_MS = 200;

/**
 * Taking part in a namespace of Redis. Its record holds a position: no entry of the namespace is older than the log was there.
 * Who joins tells Redis the changes from there to what it has seen itself, then takes part. Who met a failure leaves, and
 * comes back into another namespace, since Redis may have lost what it was told, or come back from an old copy.
 */
export class Membership {
  private current: string | undefined;
  private left: string | undefined;
  private joining = false;
  private advancedAtMs = 0;

  constructor(private readonly redis: RedisConnection, private readonly ports: MembershipPorts) {}

  /** Where entries are, or `undefined` while this instance takes no part. */
  get namespace(): string | undefined {
    return this.current;
  }

  /** From now on changes are to be kept for Redis. */
  get isJoining(): boolean {
    return this.joining;
  }

  leave(): void {
    this.left = this.current ?? this.left;
    this.current = undefined;
    this.joining = false;
  }

  /** @returns whether this instance takes part now. Throws when Redis or PostgreSQL does not answer. */
  async join(): Promise<boolean> {
    const epoch = this.ports.epoch();
    const position = this.ports.position();
    if (epoch === undefined || position < 0) return false;
    this.joining = true;
    const record = await this.record(epoch, this.left ?? '', position);
    const missed = record.p >= position ? [] : await this.ports.changesSince(record.p, position, MOST_TO_MAKE_UP);
    // Too much to make up for: a namespace of its own begins here and now.
    const { id } = missed ? record : await this.record(epoch, record.id, position);
    if (missed && missed.length > 0) await this.ports.tell(id, missed);
    if (!this.joining) return false; // it broke meanwhile
    this.joining = false;
    this.left = undefined;
    this.current = id;
    this.redis.recovered();
    return true;
  }

  private async record(epoch: string, unwanted: string, position: number): Promise<{ id: string; p: number }> {
    const text = await this.redis.evaluate(JOIN, keyOf(epoch), unwanted, randomUUID(), position);
    return (JSON.parse(String(text)) as { value: { id: string; p: number } }).value;
  }

  /** Notes that Redis was told everything up to a position; leaves a namespace that others have left. */
  async advance(position: number): Promise<void> {
    const { current } = this;
    const epoch = this.ports.epoch();
    const now = performance.now();
    if (current === undefined || epoch === undefined || now - this.advancedAtMs < ADVANCE_MS) return;
    this.advancedAtMs = now;
    const id = await this.redis.evaluate(ADVANCE, keyOf(epoch), current, position);
    // Others left it after a failure: follow them. Nothing broke here, so any namespace that holds now will do.
    if (id !== current && this.current === current) this.current = undefined;
  }
}

function keyOf(epoch: string): string {
  return `gss:namespace:${epoch}`;
}
