import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type AggregateSnapshot, type AggregateType, canonicalJson, EMPTY_FOLD, fold, hlcToMs, type JsonObject, refKey, RuleSet } from '@app/kernel';
import { decide } from './decide.js';
import { DEFINITIONS, shippedRules } from './definitions/index.js';
import { judge } from './judge.js';

interface ArenaEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly aggregateType: AggregateType;
  readonly aggregateId: string;
  readonly eventData: JsonObject;
}
interface Expected {
  readonly aggregateType: AggregateType;
  readonly aggregateId: string;
  readonly version: number;
  readonly data: JsonObject;
}

const FIXTURES = join(__dirname, '../../../../test/fixtures');

function lines<T>(file: string): T[] {
  const text = gunzipSync(readFileSync(join(FIXTURES, file))).toString('utf8');
  return text.trim().split('\n').map((line) => JSON.parse(line) as T);
}

/** All at once, as an import does it: the windows of rates hold everything. */
const NOW = hlcToMs(1n << 57n);

function play(events: readonly ArenaEvent[]): { states: Map<string, AggregateSnapshot>; broken: unknown[] } {
  const states = new Map<string, AggregateSnapshot>();
  const broken: unknown[] = [];
  const rules = new RuleSet(shippedRules());
  for (const event of events) {
    const ref = { type: event.aggregateType, id: event.aggregateId };
    const before = states.get(refKey(ref)) ?? { ...EMPTY_FOLD, ref, version: 0, hash: '', hlc: 0n };
    const draft = decide(before, { kind: 'publish', event }, DEFINITIONS[event.aggregateType]);
    const { ops, metadata, memory = before.memory } = judge(before, draft, { rules, now: NOW });
    if (metadata) broken.push([event, metadata]);
    const version = before.version + 1;
    states.set(refKey(ref), { ...before, ...fold(before, ops, version), version, memory });
  }
  return { states, broken };
}

describe('the arena', () => {
  const events = lines<ArenaEvent>('arena.events.ndjson.gz');
  const expected = lines<Expected>('arena.expected.ndjson.gz');
  const { states, broken } = play(events);

  it('ends in the expected states, exactly', () => {
    expect(events).toHaveLength(8546);
    expect(states.size).toBe(expected.length);
    for (const { aggregateType, aggregateId, version, data } of expected) {
      const state = states.get(refKey({ type: aggregateType, id: aggregateId }))!;
      expect([aggregateId, state.version, canonicalJson(state.data)])
        .toEqual([aggregateId, version, canonicalJson(data)]);
    }
  });

  it('breaks no rule that is shipped', () => {
    expect(broken).toEqual([]);
  });

  it('pays out as much gold as was minted', () => {
    const sum = (type: string, key: string) => [...states.values()].filter(({ ref }) => ref.type === type)
      .reduce((total, { data }) => total + Number(data[key] ?? 0), 0);
    expect(sum('economy', 'minted')).toBe(1200);
    expect(sum('player', 'gold')).toBe(1200);
  });

  it('has only events that are defined, and each touches only the fields that its definition lists', () => {
    const seen = new Map<string, Set<string>>();
    for (const { aggregateType, eventType, eventData } of events) {
      const name = `${aggregateType}/${eventType}`;
      const touched = seen.get(name) ?? new Set();
      for (const key of Object.keys(eventData)) touched.add(key);
      seen.set(name, touched);
    }
    expect(seen.size).toBeGreaterThan(10);
    for (const [name, touched] of seen) {
      const [type, eventType] = name.split('/') as [AggregateType, string];
      const rule = DEFINITIONS[type].events[eventType];
      expect([name, rule?.about]).toEqual([name, expect.any(String)]);
      expect([name, [...touched].filter((field) => !rule!.changes.includes(field))]).toEqual([name, []]);
    }
  });
});
