import type { Revocation, RevocationKind } from '../revocation/revocations.js';

/** The columns of a revocation, in every statement that yields one. */
export const COLUMNS = 'id, kind, name, reason, actor, created_at, issued_before, expires_at, lifted_at, revision';

export interface RevocationRow {
  readonly id: string;
  readonly kind: RevocationKind;
  readonly name: string;
  readonly reason: string | null;
  readonly actor: string;
  readonly created_at: Date;
  readonly issued_before: Date;
  readonly expires_at: Date | null;
  readonly lifted_at: Date | null;
  readonly revision: string;
}

export function toRevocation(row: RevocationRow): Revocation {
  return {
    id: row.id, kind: row.kind, name: row.name, actor: row.actor, createdAt: row.created_at,
    issuedBefore: row.issued_before, revision: Number(row.revision),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.lifted_at !== null && { liftedAt: row.lifted_at }),
  };
}
