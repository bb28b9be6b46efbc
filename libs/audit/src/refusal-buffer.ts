import { v7 as uuidv7 } from 'uuid';
import type { Note, Recorded } from './entry.js';

/** Kept one by one between two writes. */
const MAX_SINGLE = 500;
/** Kinds of refusal that are told apart by who is refused, when the buffer is full; beyond it they are told apart by what was refused only. */
const MAX_GROUPS = 1_000;

/**
 * Gathers refusals between two writes. It holds a bounded number, and loses none: when it is full, those that are alike
 * (who, what, why) become one entry with their number. Whoever makes noise cannot make the log grow by more than the bound at each write.
 */
export class RefusalBuffer {
  /** Those that went into the count of another. */
  counted = 0;
  private single: Recorded[] = [];
  private groups = new Map<string, Recorded & { count: number }>();

  constructor(private readonly maxSingle = MAX_SINGLE, private readonly maxGroups = MAX_GROUPS) {}

  add(note: Note, at: Date): void {
    if (this.single.length < this.maxSingle) this.single.push({ ...note, at, id: uuidv7(), count: 1 });
    else this.count(note, at);
  }

  get isEmpty(): boolean {
    return this.single.length === 0;
  }

  /** All of it, oldest first; the buffer is empty then. */
  take(): Recorded[] {
    const taken = [...this.single, ...this.groups.values()];
    this.single = [];
    this.groups = new Map();
    return taken;
  }

  private count(note: Note, at: Date): void {
    this.counted += 1;
    const { kind, action, status, error } = note;
    const what = { kind, action, outcome: note.outcome, status, error };
    const who = note.actor === undefined ? { address: note.address } : { actor: note.actor };
    const key = JSON.stringify([what, who]);
    const isKnown = this.groups.has(key) || this.groups.size < this.maxGroups;
    this.addTo(isKnown ? key : JSON.stringify(what), isKnown ? { ...what, ...who } : what, at);
  }

  private addTo(key: string, note: Note, at: Date): void {
    const group = this.groups.get(key);
    if (group) group.count += 1;
    else this.groups.set(key, { ...note, at, id: uuidv7(), count: 1 });
  }
}
