export interface Aggregate {
  readonly type: string;
  readonly id: string;
}

/** One event that a client wants. */
export interface WantedEvent {
  readonly aggregate: Aggregate;
  readonly eventType: string;
  /** In the event's data, and in no other's. A deletion carries no data: it is known by its version. */
  readonly tag?: string;
  readonly eventId?: string;
  readonly adds?: { readonly counter: string; readonly by: number };
  /** Asked for under an Idempotency-Key. */
  readonly keyed: boolean;
}

export interface Violation {
  /**
   * `answer`: the service said what it must not; `lost`: an acknowledged event is not there; `phantom`: one is there
   * that nobody was told of; `order`, `state`, `hash`, `receipt`: the database does not agree with itself; `counter`:
   * the state does not hold what was added; `stale`: a read said what was too old to be said; `unseen`: it did not show
   * the write whose position it named; `bytes`: two answers say different things of one version.
   */
  readonly kind: 'answer' | 'lost' | 'phantom' | 'order' | 'state' | 'hash' | 'receipt' | 'counter'
    | 'stale' | 'unseen' | 'bytes';
  readonly what: string;
}

/** What the clients asked for and were told: kept apart from the service, to be held against its database. */
export class ClientLog {
  /** By aggregate and version: see `placeOf`. */
  readonly acknowledged = new Map<string, WantedEvent>();
  readonly violations: Violation[] = [];
  /** `inDoubt`: had no answer at first; `wasDone`: of those, what a repetition found done already. */
  readonly figures = { requests: 0, reads: 0, conflicts: 0, inDoubt: 0, sentAgain: 0, wasDone: 0 };
  private readonly told = new Map<WantedEvent, number>();
  private readonly newest = new Map<string, number>();

  /** The service says that the event is in the log, with this version. */
  acknowledge(event: WantedEvent, version: number): void {
    const before = this.told.get(event);
    if (before === version) return;
    if (before !== undefined) return this.violate('answer', `${nameOf(event)} has version ${before}, then ${version}`);
    const place = placeOf(event.aggregate, version);
    const other = this.acknowledged.get(place);
    if (other) return this.violate('answer', `${nameOf(event)} and ${nameOf(other)} both have version ${version}`);
    this.told.set(event, version);
    this.acknowledged.set(place, event);
    this.learn(event.aggregate, version);
  }

  /** The aggregate is known to have reached this version. */
  learn({ id }: Aggregate, version: number): void {
    this.newest.set(id, Math.max(version, this.newestOf({ id })));
  }

  newestOf({ id }: Pick<Aggregate, 'id'>): number {
    return this.newest.get(id) ?? 0;
  }

  violate(kind: Violation['kind'], what: string): void {
    this.violations.push({ kind, what });
  }
}

export function placeOf({ type, id }: Aggregate, version: number): string {
  return `${type}/${id}@${version}`;
}

export function nameOf({ aggregate, eventType, tag }: WantedEvent): string {
  return `${eventType}${tag ? ` ${tag}` : ''} of ${aggregate.type}/${aggregate.id}`;
}
