import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tokens that are refused before they expire. */
export class TokenRevocations implements MigrationInterface {
  readonly name = 'TokenRevocations1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE global_state.token_revocations, global_state.token_revocation_head');
  }
}

const STATEMENTS = [
  // Its row lock puts the revisions in commit order, so that instances can ask for what is new.
  `CREATE TABLE global_state.token_revocation_head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    revision bigint NOT NULL DEFAULT 0
  )`,
  'INSERT INTO global_state.token_revocation_head DEFAULT VALUES',

  // One row for a token or subject, also when it is lifted and revoked again.
  `CREATE TABLE global_state.token_revocations (
    id uuid PRIMARY KEY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('token', 'subject')),
    name text COLLATE "C" NOT NULL,
    reason text,
    actor text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    issued_before timestamptz(3) NOT NULL,
    expires_at timestamptz(3),
    lifted_at timestamptz(3),
    revision bigint NOT NULL,
    CONSTRAINT token_revocations_name_key UNIQUE (kind, name),
    CONSTRAINT token_revocations_revision_key UNIQUE (revision)
  )`,
];
