import type { Op } from '@app/kernel';

/** A path that an undone event and a later one both wrote, and what becomes of it. */
export interface Conflict {
  readonly path: string;
  readonly resolution: 'kept' | 'taken back by the amount' | 'set back below a later change' | 'limited by the bounds';
}

/** Finds, event by event, where others wrote later what is taken back. */
export class Conflicts {
  private readonly found = new Map<string, Conflict>();
  private readonly last = new Map<string, 'inc' | 'other'>();
  /** Paths, and whether they were only ever incremented. */
  private readonly counted = new Map<string, boolean>();

  get list(): readonly Conflict[] {
    return [...this.found.values()];
  }

  /** Whether what is taken back, or given back, only ever incremented a path; undefined if it did not write just there. */
  isCounted(path: string): boolean | undefined {
    return this.counted.get(path);
  }

  /** An event that the act takes back or gives back. */
  changed(ops: readonly Op[]): void {
    for (const op of ops) {
      if (op[0] === 'del') continue;
      this.last.set(op[1], op[0] === 'inc' ? 'inc' : 'other');
      this.counted.set(op[1], op[0] === 'inc' && this.counted.get(op[1]) !== false);
    }
  }

  /** Another event. */
  stays(ops: readonly Op[]): void {
    for (const op of ops) {
      if (op[0] === 'del') continue;
      const path = op[1];
      for (const [touched, kind] of this.last) {
        if (!overlaps(path, touched)) continue;
        const resolution = op[0] === 'inc' && path === touched
          ? kind === 'inc' ? 'taken back by the amount' : 'set back below a later change'
          : 'kept';
        this.found.set(touched, { path: touched, resolution });
      }
    }
  }
}

function overlaps(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}
