import type { AggregateRef } from '@app/kernel';
import { type Queryable, run } from './database.js';

/** How an aggregate stands with a consumer that could not handle it. */
export const DEAD_LETTER_STATUSES = ['parked', 'retried', 'discarded', 'superseded'] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

/** An aggregate that a consumer is not given any more, from the event on that it could not handle; or that it was not given for a time. */
export interface DeadLetter {
  readonly id: string;
  /** In the order they were parked. */
  readonly number: number;
  readonly consumer: string;
  readonly partition: number;
  readonly ref: AggregateRef;
  /** Of the first event that was withheld. */
  readonly position: number;
  readonly eventId?: string;
  readonly error: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Events that were withheld, this one included. */
  readonly withheld: number;
  readonly status: DeadLetterStatus;
  readonly parkedAt: Date;
  readonly lastAttemptAt: Date;
  readonly endedAt?: Date;
  readonly endedBy?: string;
  readonly reason?: string;
}

const COLUMNS = `known.id, known.number::float8, known.consumer, known.partition, known.aggregate_type AS "aggregateType",
  known.aggregate_id AS "aggregateId", known.position::float8, known.event_id AS "eventId", known.error, known.attempts, known.withheld::float8,
  known.status, known.parked_at AS "parkedAt", known.last_attempt_at AS "lastAttemptAt", known.ended_at AS "endedAt", known.ended_by AS "endedBy",
  known.reason`;

type Fields = Omit<DeadLetter, 'ref'> & { aggregateType: string; aggregateId: string };
type Row = { [Key in keyof Fields]-?: Fields[Key] | null };

function toLetter(row: Row): DeadLetter {
  const { aggregateType: type, aggregateId: id, ...known } = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Fields;
  return { ...known, ref: { type, id } };
}

const ADD = {
  name: 'add-dead-letter',
  text: `
    INSERT INTO global_state.dead_letters AS known (id, consumer, partition, aggregate_type, aggregate_id, position, event_id, error, attempts)
    SELECT $1, $2, $3, $4, $5, $6, (SELECT event_id FROM global_state.events WHERE partition = $3 AND position = $6), $7, $8
    ON CONFLICT (consumer, aggregate_id, aggregate_type) WHERE status = 'parked'
      DO UPDATE SET error = excluded.error, attempts = known.attempts + excluded.attempts, last_attempt_at = now()
    RETURNING ${COLUMNS}`,
};

/** Parks an aggregate, or notes that it failed again. */
export async function addDeadLetter(db: Queryable, letter: Pick<DeadLetter, 'id' | 'consumer' | 'partition' | 'ref' | 'position' | 'error' | 'attempts'>): Promise<DeadLetter> {
  const { id, consumer, partition, ref, position, error, attempts } = letter;
  const [row] = await run<Row>(db, ADD, [id, consumer, partition, ref.type, ref.id, position, error, attempts]);
  return toLetter(row!);
}

const PARKED = {
  name: 'parked-aggregates',
  text: `SELECT aggregate_type AS type, aggregate_id AS id, position::float8 AS from FROM global_state.dead_letters WHERE consumer = $1 AND status = 'parked'`,
};

/** An aggregate, and from which position on its events are withheld. */
export interface ParkedAggregate extends AggregateRef {
  readonly from: number;
}

/** The aggregates that a consumer is not given. */
export function parkedAggregates(db: Queryable, consumer: string): Promise<ParkedAggregate[]> {
  return run<{ type: string; id: string; from: number }>(db, PARKED, [consumer]);
}

const WITHHOLD = {
  name: 'withhold-events',
  text: `
    UPDATE global_state.dead_letters AS known SET withheld = known.withheld + more.events
    FROM unnest($2::text[], $3::uuid[], $4::bigint[]) AS more(type, id, events)
    WHERE known.consumer = $1 AND known.status = 'parked' AND known.aggregate_type = more.type AND known.aggregate_id = more.id`,
};

/** Counts events that a consumer was not given. */
export async function withholdEvents(db: Queryable, consumer: string, more: readonly { ref: AggregateRef; events: number }[]): Promise<void> {
  await run(db, WITHHOLD, [consumer, more.map(({ ref }) => ref.type), more.map(({ ref }) => ref.id), more.map(({ events }) => events)]);
}

const LIST = {
  name: 'list-dead-letters',
  text: `
    SELECT ${COLUMNS} FROM global_state.dead_letters AS known
    WHERE ($1::bigint IS NULL OR known.number < $1) AND ($2::text IS NULL OR known.status = $2) AND ($3::text IS NULL OR known.consumer = $3)
    ORDER BY known.number DESC LIMIT $4`,
};

/** The newest first. */
export async function listDeadLetters(
  db: Queryable, { before, status, consumer, limit }: { before?: number; status?: DeadLetterStatus; consumer?: string; limit: number },
): Promise<DeadLetter[]> {
  return (await run<Row>(db, LIST, [before ?? null, status ?? null, consumer ?? null, limit])).map(toLetter);
}

const GET = { name: 'get-dead-letter', text: `SELECT ${COLUMNS} FROM global_state.dead_letters AS known WHERE known.id = $1` };

export async function getDeadLetter(db: Queryable, id: string): Promise<DeadLetter | undefined> {
  const [row] = await run<Row>(db, GET, [id]);
  return row && toLetter(row);
}

const LOCK = { name: 'lock-dead-letter', text: `${GET.text} AND known.status = 'parked' FOR UPDATE -- of two who end it one finds it parked` };

/** The letter, locked for this transaction, if it is still parked. */
export async function lockDeadLetter(db: Queryable, id: string): Promise<DeadLetter | undefined> {
  const [row] = await run<Row>(db, LOCK, [id]);
  return row && toLetter(row);
}

const END = {
  name: 'end-dead-letter',
  text: `
    UPDATE global_state.dead_letters AS known SET status = $2, ended_at = now(), ended_by = $3, reason = $4,
      attempts = known.attempts + CASE $2 WHEN 'retried' THEN 1 ELSE 0 END
    WHERE known.id = $1 RETURNING ${COLUMNS}`,
};

/** From the consumer's checkpoint on it is given the aggregate again. */
export async function endDeadLetter(
  db: Queryable, id: string, { status, by, reason }: { status: 'retried' | 'discarded'; by: string; reason?: string },
): Promise<DeadLetter> {
  const [row] = await run<Row>(db, END, [id, status, by, reason ?? null]);
  return toLetter(row!);
}

const SUPERSEDE = {
  name: 'supersede-dead-letters',
  text: `UPDATE global_state.dead_letters SET status = 'superseded', ended_at = now(), reason = $2 WHERE consumer = $1 AND status = 'parked'`,
};

const BEQUEATH = {
  name: 'bequeath-dead-letters',
  text: 'UPDATE global_state.dead_letters SET consumer = $1 WHERE consumer = $2',
};

/**
 * Of a consumer that another one takes the place of, the letters are past; those of the other one are its own now.
 * @param keptAs the name under which what it built may be gone on with
 */
export async function succeedDeadLetters(db: Queryable, consumer: string, successor: string, keptAs: string | undefined): Promise<void> {
  await run(db, SUPERSEDE, [consumer, keptAs === undefined ? null : reasonOf(keptAs)]);
  await run(db, BEQUEATH, [consumer, successor]);
}

const REVIVE = {
  name: 'revive-dead-letters',
  text: `UPDATE global_state.dead_letters SET status = 'parked', ended_at = NULL, reason = NULL, consumer = $1 WHERE status = 'superseded' AND reason = $2`,
};

/** What was parked when it was kept is parked again for who goes on with it. */
export async function reviveDeadLetters(db: Queryable, keptAs: string): Promise<void> {
  await run(db, REVIVE, [keptAs, reasonOf(keptAs)]);
}

function reasonOf(keptAs: string): string {
  return `kept as ${keptAs}`;
}

const DROP = { name: 'drop-dead-letters', text: 'DELETE FROM global_state.dead_letters WHERE consumer = $1' };

/** Forgets the letters of a consumer that is no more. */
export async function dropDeadLetters(db: Queryable, consumer: string): Promise<void> {
  await run(db, DROP, [consumer]);
}
