/**
 * Aggregates remembered for a channel of many. What a resumption sends twice lies right behind its cursor, so it is
 * among the newest.
 */
const REMEMBERED = 10_000;

/** The last version that was delivered of each aggregate. */
export class SeenVersions {
  private readonly versions = new Map<string, number>();

  /** False if this version, or a later one, was delivered before. */
  isNew({ aggregateType, aggregateId, version }: { aggregateType: string; aggregateId: string; version: number }): boolean {
    const key = `${aggregateType}/${aggregateId}`;
    if (version <= (this.versions.get(key) ?? 0)) return false;
    this.versions.delete(key);
    this.versions.set(key, version);
    if (this.versions.size > REMEMBERED) this.versions.delete(this.versions.keys().next().value!);
    return true;
  }

  clear(): void {
    this.versions.clear();
  }
}
