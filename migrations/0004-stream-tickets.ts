import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tickets that stand for a token once, where a browser cannot send one: at the start of a stream. */
export class StreamTickets implements MigrationInterface {
  readonly name = 'StreamTickets1764000000004';

  async up(runner: QueryRunner): Promise<void> {
    // Not logged: what a crash takes would have expired in 30 s.
    await runner.query(`CREATE UNLOGGED TABLE global_state.stream_tickets (
      hash bytea PRIMARY KEY,
      verified json NOT NULL,
      expires_at timestamptz(3) NOT NULL
    )`);
    await runner.query('CREATE INDEX stream_tickets_expires_at ON global_state.stream_tickets (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE global_state.stream_tickets');
  }
}
