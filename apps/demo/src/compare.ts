import { isJsonObject, type Json, type JsonObject, toPointer } from '@app/kernel';
import type { ExpectedState } from './input.js';

/** What is not as it should be. `path` is a JSON Pointer into the state; a side with nothing there is absent. */
export interface Difference {
  readonly aggregate: string;
  readonly path: string;
  readonly expected?: Json;
  readonly got?: Json;
}

/** The state of an aggregate as the service tells it. */
export interface ToldState {
  readonly version: number;
  readonly data: JsonObject;
}

/** Names an aggregate. */
export function nameOf({ aggregateType, aggregateId }: { aggregateType: string; aggregateId: string }): string {
  return `${aggregateType}/${aggregateId}`;
}

/** Every value in which a state differs from the expected one; a state that is not there differs as a whole. */
export function compareState(expected: ExpectedState, told: ToldState | undefined): Difference[] {
  const aggregate = nameOf(expected);
  return [
    ...compareJson(expected.version, told?.version, { aggregate, keys: ['version'] }),
    ...compareJson(expected.data, told?.data, { aggregate, keys: ['data'] }),
  ];
}

function compareJson(
  expected: Json | undefined, got: Json | undefined, at: { aggregate: string; keys: readonly string[] },
): Difference[] {
  const [left, right] = [branchesOf(expected), branchesOf(got)];
  if (left && right && Array.isArray(expected) === Array.isArray(got)) {
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) => compareJson(
      own(left, key), own(right, key), { ...at, keys: [...at.keys, key] }));
  }
  if (expected === got) return [];
  return [{
    aggregate: at.aggregate, path: toPointer(at.keys),
    ...(expected === undefined ? {} : { expected }), ...(got === undefined ? {} : { got }),
  }];
}

function branchesOf(value: Json | undefined): JsonObject | undefined {
  if (Array.isArray(value)) return Object.fromEntries(Object.entries(value));
  return isJsonObject(value) ? value : undefined;
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** What the players have, and what the economies minted: no gold may come from anywhere else, and none may go. */
export function countGold(states: ReadonlyMap<string, ToldState | undefined>): { gold: number; minted: number } {
  const sum = (type: string, key: string): number => [...states].reduce((total, [name, state]) => {
    const value = name.startsWith(`${type}/`) ? state?.data[key] : undefined;
    return total + (typeof value === 'number' ? value : 0);
  }, 0);
  return { gold: sum('player', 'gold'), minted: sum('economy', 'minted') };
}
