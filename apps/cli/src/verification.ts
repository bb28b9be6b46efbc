import { availableParallelism } from 'node:os';
import {
  BEGIN_FROZEN, countEvents, exportSnapshot, type Finding, fromLines, splitIds, type Verification, verify, type VerifyOptions, verifyWith,
} from '@app/integrity';
import { CliError } from './cli-error.js';
import { withClient } from './database.js';
import type { Environment } from './environment.js';
import { readNamed, verifyingKeys } from './keys.js';
import { Lanes } from './lanes.js';
import { showProgress } from './progress.js';

const MOST_LANES = 8;
/** A lane and what PostgreSQL does for it. On two processors one lane did 48,000 events/s, two did 34,000. */
const PROCESSORS_A_LANE = 2;
/** A thread costs a tenth of a second: so many events are worth one. */
const EVENTS_A_LANE = 20_000;
/** Ranges are not equally full; more of them than lanes leave no lane waiting for the fullest. */
const RANGES_A_LANE = 16;

/** How it is to be verified. */
export interface Asked {
  readonly roots: string | undefined;
  readonly publicKeys: readonly string[];
  readonly limit: number;
  readonly lanes: number | undefined;
}
/** What came of it, and how long it took. */
export type Verified = Verification & { readonly seconds: number };

/** Verifies one unchanging view of the database, while the service goes on. */
export async function runVerify(asked: Asked, environment: Environment, url: string): Promise<Verified> {
  const keys = await verifyingKeys(environment, asked.publicKeys);
  const roots = asked.roots === undefined ? [] : rootsOf(asked.roots, await readNamed(asked.roots));
  const progress = showProgress();
  const begun = performance.now();
  try {
    const options = { keys, roots, limit: asked.limit, onProgress: progress.update };
    const result = await withClient(url, async (client) => {
      await client.query(BEGIN_FROZEN);
      const worth = Math.ceil(await countEvents(client) / EVENTS_A_LANE);
      const lanes = asked.lanes ?? Math.min(Math.floor(availableParallelism() / PROCESSORS_A_LANE), MOST_LANES, worth);
      return lanes <= 1 ? verify(client, options) : inLanes(lanes, url, client, options);
    });
    return { ...result, seconds: (performance.now() - begun) / 1000 };
  } finally {
    progress.stop();
  }
}

async function inLanes(threads: number, url: string, client: Parameters<typeof verify>[0], options: VerifyOptions): Promise<Verification> {
  const lanes = new Lanes(threads, { url, snapshot: await exportSnapshot(client) });
  try {
    return await verifyWith(client, options, splitIds(threads * RANGES_A_LANE), lanes.check);
  } finally {
    await lanes.close();
  }
}

function rootsOf(file: string, text: string): ReturnType<typeof fromLines> {
  try {
    return fromLines(text);
  } catch (error) {
    throw new CliError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What came of it, for people. */
export function report(result: Verified): string[] {
  const { events, aggregates, snapshots, roots, signedThrough, findings, truncated, seconds } = result;
  const count = (n: number): string => n.toLocaleString('en');
  const rate = seconds > 0 ? `, ${count(Math.round(events / seconds))} events/s` : '';
  return [
    `${count(events)} events of ${count(aggregates)} aggregates, ${count(snapshots)} snapshots, ${count(roots)} roots, signed up to position `
      + `${count(signedThrough)}: ${seconds.toFixed(1)} s${rate}`,
    ...findings.map(line),
    findings.length === 0 ? 'Nothing found: all is as it was written' : `${count(findings.length)} findings${truncated ? ', and maybe more: --limit' : ''}`,
  ];
}

function line(finding: Finding): string {
  const place = finding.position === undefined ? '' : `position ${finding.position}${finding.through ? `-${finding.through}` : ''} `;
  const aggregate = finding.aggregateId === undefined ? ''
    : `${finding.aggregateType}/${finding.aggregateId}${finding.version === undefined ? '' : `@${finding.version}`} `;
  const values = finding.expected === undefined ? '' : `; expected ${finding.expected}, found ${finding.found ?? 'nothing'}`;
  return `  ${place}${aggregate}${finding.kind}: ${finding.what}${values}`;
}
