import { isJsonObject, type JsonObject } from '../json.js';
import type { RateRule } from './rule.js';

/** Parts of a window that are counted apart. */
export const BUCKETS = 16;
/** Paths of a rule that have a window of their own at once; those beyond share one, so that what is kept stays small and nothing is missed. */
export const WINDOWS_A_RULE = 64;

/** No pointer is called so. */
const SHARED = '*';
const MEMORY = 'rates';

/** By path: the newest bucket since 1970, then what came in in it, in the one before it, and so on. */
type Windows = Record<string, number[]>;
type RuleWindows = { bucketMs: number; windows: Windows };

/**
 * What came in lately, by rule and path, as it is kept with an aggregate between its events. A sum covers the current bucket
 * and the sixteen before it: never less than the window, and less than a bucket more.
 */
export class Rates {
  private readonly known: Readonly<Record<string, RuleWindows>>;
  private readonly changed = new Map<string, RuleWindows>();

  /** @param now in ms; never before what the memory was left with */
  constructor(private readonly memory: JsonObject | undefined, private readonly now: number) {
    const kept = memory?.[MEMORY];
    this.known = isJsonObject(kept) ? kept as unknown as Record<string, RuleWindows> : {};
  }

  /** Counts an increase. @returns what came in within the window, this included */
  add(rule: RateRule, pointer: string, amount: number): number {
    const window = this.windowFor(rule, pointer);
    window[1] = (window[1] ?? 0) + amount;
    return sumOf(window);
  }

  /** What was taken back did not come in: the newest goes first. */
  takeBack(rule: RateRule, pointer: string, amount: number): void {
    const window = this.windowFor(rule, pointer);
    let left = amount;
    for (let i = 1; i < window.length && left > 0; i += 1) {
      const part = Math.min(window[i]!, left);
      window[i]! -= part;
      left -= part;
    }
  }

  /** The memory with what was counted; `undefined` if nothing was. */
  kept(): JsonObject | undefined {
    if (this.changed.size === 0) return undefined;
    const rates: Record<string, RuleWindows> = {};
    for (const [id, known] of [...Object.entries(this.known), ...this.changed]) {
      const windows = this.live(known);
      if (Object.keys(windows).length > 0) rates[id] = { bucketMs: known.bucketMs, windows };
      else delete rates[id];
    }
    return { ...this.memory, [MEMORY]: rates as unknown as JsonObject };
  }

  /** The path's window with its newest bucket in the first place, free to be changed. */
  private windowFor(rule: RateRule, pointer: string): number[] {
    const { bucketMs, windows } = this.windowsOf(rule);
    const isCrowded = windows[SHARED] !== undefined || Object.keys(windows).length >= WINDOWS_A_RULE;
    const key = windows[pointer] || !isCrowded ? pointer : SHARED;
    return (windows[key] = upTo(windows[key], Math.floor(this.now / bucketMs)));
  }

  private windowsOf({ id, windowSeconds }: RateRule): RuleWindows {
    const changed = this.changed.get(id);
    if (changed) return changed;
    const bucketMs = Math.ceil((windowSeconds * 1000) / BUCKETS);
    const known = Object.hasOwn(this.known, id) ? this.known[id] : undefined;
    // Buckets of another length were counted for another window.
    const own = { bucketMs, windows: known?.bucketMs === bucketMs ? this.live(known) : {} };
    this.changed.set(id, own);
    return own;
  }

  /** Without the windows that have passed. */
  private live({ bucketMs, windows }: RuleWindows): Windows {
    const oldest = Math.floor(this.now / bucketMs) - BUCKETS;
    return Object.fromEntries(Object.entries(windows).filter(([, [newest]]) => newest! >= oldest));
  }
}

function upTo(window: readonly number[] | undefined, bucket: number): number[] {
  if (!window) return [bucket, 0];
  const [newest, ...amounts] = window as [number, ...number[]];
  if (bucket === newest) return [...window];
  const passed = Math.min(bucket - newest, BUCKETS + 1);
  return [bucket, ...Array<number>(passed).fill(0), ...amounts].slice(0, BUCKETS + 2);
}

function sumOf([, ...amounts]: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + amount, 0);
}
