import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_OPTIONS, type AuditOptions, TIMEOUT_MS } from './audit-options.js';
import type { AuditEntry } from './entry.js';
import type { AuditFilter, Bounds } from './search.js';
import { type PlacedCommand, readCommands } from './sql/read-commands.js';
import { readEntries } from './sql/read-entries.js';
import { searching } from './sql/searching.js';

/** One page, newest first. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Where the next one begins, if there is one. */
  readonly next: Bounds | undefined;
}

const NIL = '00000000-0000-0000-0000-000000000000';

/** Reads the two sources of the audit log as one: the events, and what left none. */
@Injectable()
export class AuditReader {
  constructor(@Inject(AUDIT_OPTIONS) private readonly options: Pick<AuditOptions, 'pool' | 'positionAt' | 'timeoutMs'>) {}

  /** All from a moment on, and before another one. */
  async bounds(from: Date, to: Date | undefined): Promise<Bounds> {
    const [fromPosition, lastPosition] = await Promise.all([
      this.options.positionAt(justBefore(from)), to ? this.options.positionAt(justBefore(to)) : Number.MAX_SAFE_INTEGER - 1,
    ]);
    return { fromPosition, beforePosition: lastPosition + 1, from, before: { at: to ?? new Date(8.64e15 / 100), id: NIL } };
  }

  /**
   * The newest entries within the bounds. Either source has its own order and its own place where the next page begins, so that
   * pages miss nothing and repeat nothing, whatever times coincide.
   * @throws ServiceError VALIDATION_ERROR for a search that takes too long; SERVICE_UNAVAILABLE
   */
  async read(filter: AuditFilter, bounds: Bounds, limit: number): Promise<AuditPage> {
    const [commands, entries] = await searching(this.options.pool, this.options.timeoutMs ?? TIMEOUT_MS, async (client) => [
      await readCommands(client, filter, bounds, limit + 1), await readEntries(client, filter, bounds, limit + 1),
    ] as const);
    const page: AuditEntry[] = [];
    let [c, e] = [0, 0];
    while (page.length < limit && c + e < commands.length + entries.length) {
      const [command, entry] = [commands[c], entries[e]];
      if (command && (!entry || command.entry.at >= entry.at)) page.push(commands[c++]!.entry);
      else page.push(entries[e++]!);
    }
    const hasMore = c + e < commands.length + entries.length;
    return { entries: page, next: hasMore ? advance(bounds, commands[c - 1], entries[e - 1]) : undefined };
  }
}

function advance(bounds: Bounds, command: PlacedCommand | undefined, entry: AuditEntry | undefined): Bounds {
  return {
    ...bounds, ...(command && { beforePosition: command.position }), ...(entry && { before: { at: entry.at, id: entry.id } }),
  };
}

function justBefore(moment: Date): Date {
  return new Date(moment.getTime() - 1);
}
