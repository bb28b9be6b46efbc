import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signed Merkle roots over the log's positions. */
export class LogRoots implements MigrationInterface {
  readonly name = 'LogRoots1764000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOG_ROOTS);
    await runner.query(APPEND_ONLY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE global_state.log_roots');
  }
}

// statement: the signed bytes, which say all there is to say; marks: eight bytes of each leaf, by which a change is located.
const LOG_ROOTS = `CREATE TABLE global_state.log_roots (
  partition smallint NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  statement text NOT NULL,
  marks bytea NOT NULL,
  signature bytea NOT NULL,
  CONSTRAINT log_roots_pkey PRIMARY KEY (partition, number)
)`;

const APPEND_ONLY = `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON global_state.log_roots
  FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()`;
