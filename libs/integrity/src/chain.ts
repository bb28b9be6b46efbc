import { CHAIN_START, hashEvent } from '@app/event-store';
import type { Finding, Findings } from './finding.js';
import type { ChainRow } from './sql/chain-row.js';

/** How many hashes back an event's predecessor is looked for, once something was wrong. */
const LOOK_BACK = 16;

/** The events of one aggregate, one after another: dense, in the order of the log, each hashed after the one before it. */
export class Chain {
  private version = 0;
  private position = 0;
  private hash = CHAIN_START;
  /** Hashes that may be the true ones of events that were found wrong, newest last; empty while nothing is wrong. */
  private doubtful: string[] = [];

  constructor(private readonly findings: Findings) {}

  next(row: ChainRow): void {
    const follows = this.checkVersion(row);
    if (row.position <= this.position && this.version > 0) {
      this.findings.add({
        ...placeOf(row), kind: 'position-order', field: 'position', expected: `above ${this.position}`, found: String(row.position),
        what: `version ${row.version} of ${nameOf(row)} is below version ${this.version} in the log`,
      });
    }
    this.checkHash(row, follows);
    this.version = row.version;
    this.position = row.position;
  }

  /** @returns whether the event before this one is there */
  private checkVersion(row: ChainRow): boolean {
    const expected = this.version + 1;
    if (row.version === expected) return true;
    if (row.version <= this.version) {
      this.findings.add({ ...placeOf(row), kind: 'version-twice', what: `${nameOf(row)} has a second version ${row.version}` });
      return false;
    }
    const until = row.version - 1;
    const which = until > expected ? `versions ${expected} to ${until}` : `version ${expected}`;
    this.findings.add({
      kind: 'version-missing', partition: row.partition, aggregateType: row.type, aggregateId: row.id, version: expected,
      what: `${nameOf(row)} has no ${which}; what version ${row.version} was chained to cannot be told`,
    });
    return false;
  }

  private checkHash(row: ChainRow, follows: boolean): void {
    const before = this.hash;
    this.hash = row.hash;
    if (!follows) {
      this.doubtful = [...this.doubtful, before];
      return;
    }
    const computed = row.follows(before) ? row.hash : hashOf(before, row);
    if (computed === row.hash) {
      if (this.doubtful.length > 0) this.doubtful = [];
      return;
    }
    // After a finding the event before this one may be the wrong one of the two: its hash was changed, or it changed places.
    const possible = this.doubtful.findLast((hash) => hashOf(hash, row) === row.hash);
    this.doubtful = [...this.doubtful.slice(-LOOK_BACK), before, computed];
    if (possible !== undefined) return;
    this.findings.add({
      ...placeOf(row), kind: 'hash', field: 'hash', expected: computed, found: row.hash,
      what: `the hash of version ${row.version} of ${nameOf(row)} is not that of its bytes after the version before it`,
    });
  }
}

export function placeOf(row: ChainRow): Omit<Finding, 'kind' | 'what'> {
  return { partition: row.partition, position: row.position, aggregateType: row.type, aggregateId: row.id, version: row.version };
}

export function nameOf({ type, id }: { type: string; id: string }): string {
  return `${type}/${id}`;
}

function hashOf(previous: string, row: ChainRow): string {
  const { type, id, partition, eventId, generation, version, commandKey, origin, hlc } = row;
  return hashEvent(previous, {
    partition, eventId, ref: { type, id }, generation, version, draft: { type: row.eventType, schemaVersion: row.schemaVersion },
    context: row, commandKey, origin, hlc, text: row,
  });
}
