import type { EventStore, Queryable } from '@app/event-store';
import { type ConserveRule, refKey, type RuleSet } from '@app/kernel';
import type { Raised } from '../sql/raise-flags.js';
import { pageByPosition, type ReplayedEvent } from '../sql/replay-pages.js';
import { stateAfter } from './past-states.js';
import type { WalkedPage } from './walk.js';

const PARTITION = 0;

/**
 * Holds commands over several aggregates against rules on their sums, in the order of the log. The events of a command lie next to each other
 * with one correlation id, actor and time. A walk can go on between two commands.
 */
export async function* walkCommands(
  db: Queryable, events: Pick<EventStore, 'readStateAt'>, rules: RuleSet, range: { from: number; to: number }, after = range.from - 1,
): AsyncGenerator<WalkedPage> {
  const keys = firstKeys(rules);
  let command: ReplayedEvent[] = [];
  for (let place = after; ;) {
    const rows = await pageByPosition(db, PARTITION, place, range.to);
    let judged = 0;
    const found: Raised[] = [];
    const settle = async (next: ReplayedEvent[]): Promise<void> => {
      judged += command.length;
      if (command.length > 1 && command.some((event) => isTouched(event, keys))) found.push(...await judge(command, events, rules));
      command = next;
    };
    for (const row of rows) {
      if (belongs(row, command)) command.push(row);
      else await settle([row]);
    }
    const isLast = rows.length === 0;
    if (isLast) await settle([]);
    const boundary = command[0] ? command[0].position - 1 : place;
    yield { read: rows.length, judged: { before: judged, after: 0 }, found: { before: found, after: [] }, boundary: { position: boundary } };
    if (isLast) return;
    place = rows.at(-1)!.position;
  }
}

async function judge(command: readonly ReplayedEvent[], events: Pick<EventStore, 'readStateAt'>, rules: RuleSet): Promise<Raised[]> {
  const parties = await Promise.all(command.map(async ({ aggregateType: type, aggregateId: id, version, ops }) => {
    const ref = { type, id };
    return { state: { ...await stateAfter(events, ref, version - 1), ref, version: version - 1 }, ops: ops! };
  }));
  return rules.judgeTogether(parties).map(({ party, violation }) => {
    const { aggregateType, aggregateId, version, eventId, actor, occurredAt } = command[party]!;
    return { aggregateType, aggregateId, version, eventId, actor, occurredAt, violation };
  });
}

function belongs(event: ReplayedEvent, [first, ...others]: readonly ReplayedEvent[]): boolean {
  if (!first || event.isExempt || event.correlationId === null || event.correlationId !== first.correlationId || event.actor !== first.actor) return false;
  return event.occurredAt.getTime() === first.occurredAt.getTime()
    && ![first, ...others].some((other) => keyOf(other) === keyOf(event));
}

function keyOf({ aggregateType: type, aggregateId: id }: ReplayedEvent): string {
  return refKey({ type, id });
}

/** With which keys the paths of the sums begin, by type: other events need no look at their past. */
function firstKeys(rules: RuleSet): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, Set<string>>();
  for (const { terms } of rules.all.filter((rule): rule is ConserveRule & typeof rule => rule.kind === 'conserve')) {
    for (const { aggregateType, path } of terms) {
      keys.set(aggregateType, (keys.get(aggregateType) ?? new Set()).add(path.split('/')[0]!));
    }
  }
  return keys;
}

function isTouched({ aggregateType, ops }: ReplayedEvent, keys: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const wanted = keys.get(aggregateType);
  if (!wanted) return false;
  return wanted.has('*') || ops!.some((op) => op[0] !== 'del' && wanted.has(op[1].split('/', 2)[1]!.replaceAll('~1', '/').replaceAll('~0', '~')));
}
