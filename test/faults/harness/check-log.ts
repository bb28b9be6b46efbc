import type { Client } from 'pg';
import { type ClientLog, nameOf, placeOf, type WantedEvent } from './client-log.js';

interface EventRow {
  readonly partition: number;
  readonly position: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly version: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly tag: string | null;
  readonly origin_sequence: string;
  readonly committed_at: Date;
}

interface HeadRow {
  readonly partition: number;
  readonly position: string;
  readonly committed_at: Date;
  readonly events: string;
}

const EVENTS = `SELECT partition, position, aggregate_type, aggregate_id, version, event_id, event_type,
    data->>'tag' AS tag, origin_sequence, committed_at
  FROM global_state.events WHERE position > $1 ORDER BY partition, position`;

const HEADS = `SELECT partition, position, committed_at,
    (SELECT count(*) FROM global_state.events WHERE events.partition = log_heads.partition) AS events
  FROM global_state.log_heads ORDER BY partition`;

/**
 * Holds the client log against the events: all that was acknowledged is there, once and at its version, and nothing
 * else; versions, positions and times are as the log promises. Nobody may be writing. Reads on from where it ended last
 * time, and only counts what was there then: a new check looks at everything.
 */
export class LogCheck {
  private readonly rows = new Map<string, EventRow>();
  private readonly versions = new Map<string, number>();
  private newest: EventRow | undefined;

  constructor(private readonly log: ClientLog) {}

  async run(client: Client): Promise<void> {
    const { rows } = await client.query<EventRow>(EVENTS, [this.newest?.position ?? 0]);
    for (const row of rows) this.takeIn(row);
    await this.checkHead(client);
    for (const [place, event] of this.log.acknowledged) this.checkAcknowledged(place, event);
    for (const [place, row] of this.rows) {
      if (!this.log.acknowledged.has(place)) this.log.violate('phantom', `nobody was told of ${tell(row)}`);
    }
  }

  /** One partition is all there is today; a second one would be told apart here. */
  private takeIn(row: EventRow): void {
    const { aggregate_type: type, aggregate_id: id } = row;
    const wrong = (what: string): void => this.log.violate('order', `${what}: ${tell(row)}`);
    if (row.partition !== 0) wrong('an unknown partition');
    if (Number(row.position) !== Number(this.newest?.position ?? 0) + 1) wrong('positions are not dense');
    if (row.origin_sequence !== row.position) wrong('origin sequence and position are not in step');
    if (this.newest && row.committed_at < this.newest.committed_at) wrong('time runs backwards along the positions');
    if (Number(row.version) !== (this.versions.get(id) ?? 0) + 1) wrong('versions are not dense');
    this.versions.set(id, Number(row.version));
    this.rows.set(placeOf({ type, id }, Number(row.version)), row);
    this.newest = row;
  }

  private async checkHead(client: Client): Promise<void> {
    const { rows } = await client.query<HeadRow>(HEADS);
    const [head] = rows;
    const newest = Number(this.newest?.position ?? 0);
    if (rows.length !== 1 || Number(head?.position) !== newest || Number(head?.events) !== newest
      || (this.newest && head?.committed_at.getTime() !== this.newest.committed_at.getTime())) {
      this.log.violate('order', `the head of the log is ${JSON.stringify(rows)}, its newest event ${newest}`);
    }
  }

  private checkAcknowledged(place: string, event: WantedEvent): void {
    const row = this.rows.get(place);
    const isIt = row && row.event_type === event.eventType && (row.tag ?? undefined) === event.tag
      && (event.eventId === undefined || event.eventId === row.event_id);
    if (!isIt) this.log.violate('lost', `${nameOf(event)} was acknowledged as ${place}, where there is ${tell(row)}`);
  }
}

function tell(row: EventRow | undefined): string {
  if (!row) return 'nothing';
  const { aggregate_type: type, aggregate_id: id, version, event_type: eventType, tag, position } = row;
  return `${eventType} ${tag ?? ''} of ${type}/${id}@${version} at position ${position}`;
}
