import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const of = (id: string, mode: string, rest: object): object => ({ id, mode, aggregateType: 'player', about: `Tried by a test: ${id}`, ...rest });

/** What an operator might write: every kind of rule, and every mode. */
const RULES = {
  modes: { 'player-level-never-falls': 'quarantine', 'player-wins-never-fall': 'off', 'player-losses-never-fall': 'reject' },
  rules: [
    of('top-level', 'reject', { kind: 'bounds', path: 'level', max: 100 }),
    of('odd-level', 'flag', { kind: 'bounds', path: 'level', max: 90 }),
    of('gold-an-hour', 'reject', { kind: 'rate', path: 'gold', max: 1_000, windowSeconds: 3_600 }),
    of('gems-an-hour', 'flag', { kind: 'rate', path: 'currencies/*', max: 100, windowSeconds: 3_600 }),
    of('unbanned', 'quarantine', { kind: 'transition', path: 'banned', forbidden: [[true, false], [true, null]] }),
    of('items-conserved', 'reject', { kind: 'conserve', terms: [{ aggregateType: 'player', path: 'inventory/*', counts: 'for' }] }),
    of('rating-conserved', 'flag', { kind: 'conserve', terms: [{ aggregateType: 'player', path: 'rating', counts: 'for' }] }),
  ],
};

/** A rules file for a service. Remove its folder when it is over. */
export async function rulesFile(content: unknown = RULES): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'gss-rules-'));
  const path = join(folder, 'rules.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
