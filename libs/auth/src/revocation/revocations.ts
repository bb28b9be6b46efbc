/** What is refused: the token with this `jti`, or every token of this `sub` that was issued before. */
export type RevocationKind = 'token' | 'subject';

/** A revocation to be stored. */
export interface NewRevocation {
  readonly kind: RevocationKind;
  /** The `jti` or the `sub`. */
  readonly name: string;
  readonly reason?: string;
  /** Who revokes. */
  readonly actor: string;
  /** Without it the revocation is in force until it is lifted. */
  readonly expiresAt?: Date;
}

/** A revocation as it is stored. */
export interface Revocation extends NewRevocation {
  /** A UUID. */
  readonly id: string;
  readonly createdAt: Date;
  /** For a subject: its tokens with an `iat` before this are refused, and those without one. */
  readonly issuedBefore: Date;
  /** Grows with every change of any revocation. */
  readonly revision: number;
  /** Set once it is in force no more. */
  readonly liftedAt?: Date;
}

/** As much of a revocation as is needed to refuse by it. */
export interface RevocationChange {
  readonly kind: RevocationKind;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly issuedBefore: number;
  /** Milliseconds since 1970; absent where it has no end. */
  readonly expiresAt?: number;
  readonly isLifted: boolean;
}

/** What changed after a revision, in order: all of it up to `revision`. */
export interface RevocationChanges {
  readonly revision: number;
  readonly changes: readonly RevocationChange[];
  /** There is more to load after `revision`. */
  readonly hasMore: boolean;
}

/**
 * Where revocations are kept for all instances; bound through `AuthOptions.revocations`. Every method throws a
 * `ServiceError` `SERVICE_UNAVAILABLE` while the place cannot be reached.
 */
export interface Revocations {
  /**
   * Stores a revocation, or renews the one of the same kind and name: with the later of the two ends, and for a subject
   * with the new time of issue.
   * @throws ServiceError INVALID_OPERATION where there are `MAX_REVOCATIONS` in force
   */
  add(revocation: NewRevocation): Promise<Revocation>;
  /** Lifts the revocation; undefined if none with this id is in force. */
  remove(id: string): Promise<Revocation | undefined>;
  /** Those in force after a revision, oldest change first. */
  list(afterRevision: number, limit: number): Promise<readonly Revocation[]>;
  /** A page of what changed after a revision: those lifted too, for a day at least. From 0: what is in force. */
  load(afterRevision: number): Promise<RevocationChanges>;
}

/** In force at the same time, about; each instance holds all of them, about 17 MB with a UUID each. */
export const MAX_REVOCATIONS = 100_000;
