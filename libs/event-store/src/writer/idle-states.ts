import type { AggregateSnapshot } from '@app/kernel';
import { LRUCache } from 'lru-cache';

/** What a state takes beside its text: objects, and its place in map and list. In bytes. */
const ENTRY_COST = 1024;
/** A state of 1 KB takes 2 KiB of heap, measured over 10,000; of the text at most so many bytes a character. */
const BYTES_A_UNIT = 2;

/** The newest states known here of aggregates that nobody writes just now, bounded in number and bytes. */
export class IdleStates {
  private readonly held: LRUCache<string, AggregateSnapshot>;

  constructor(max: number, maxBytes: number) {
    this.held = new LRUCache({ max, maxSize: maxBytes });
  }

  get count(): number {
    return this.held.size;
  }

  /** About what they take. */
  get bytes(): number {
    return this.held.calculatedSize;
  }

  get(key: string): AggregateSnapshot | undefined {
    return this.held.get(key);
  }

  /** An aggregate has reached that version: an older state would only be refused. */
  outdate(key: string, version: number): void {
    const state = this.held.peek(key);
    if (state && state.version < version) this.held.delete(key);
  }

  /** @param textLength of its data and clocks as JSON text, where that is known */
  set(key: string, state: AggregateSnapshot, textLength = lengthOf(state)): void {
    this.held.set(key, state, { size: ENTRY_COST + BYTES_A_UNIT * textLength });
  }
}

function lengthOf({ data, clocks }: AggregateSnapshot): number {
  return JSON.stringify(data).length + JSON.stringify(clocks).length;
}
