import { ServiceError } from '@app/kernel';
import {
  MAX_REVOCATIONS, type NewRevocation, type Revocation, type RevocationChanges, type Revocations,
} from '../revocation/revocations.js';
import { addRevocation } from './add-revocation.js';
import type { Database } from './database.js';
import { liftRevocation } from './lift-revocation.js';
import { listRevocations } from './list-revocations.js';
import { loadRevocations } from './load-revocations.js';

/** Revocations in the service's PostgreSQL. The pool is its owner's: nothing here ends it. */
export class PostgresRevocations implements Revocations {
  constructor(private readonly pool: Database) {}

  async add(revocation: NewRevocation): Promise<Revocation> {
    const added = await addRevocation(this.pool, revocation);
    if (added) return added;
    const message = `there are ${MAX_REVOCATIONS} revocations in force: lift some, or let them expire`;
    throw new ServiceError('INVALID_OPERATION', message);
  }

  remove(id: string): Promise<Revocation | undefined> {
    return liftRevocation(this.pool, id);
  }

  list(afterRevision: number, limit: number): Promise<readonly Revocation[]> {
    return listRevocations(this.pool, afterRevision, limit);
  }

  load(afterRevision: number): Promise<RevocationChanges> {
    return loadRevocations(this.pool, afterRevision);
  }
}
