import { ServiceError } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { appendGroup, type ChainVerdict } from '../sql/append-group.js';
import { claimReceipts, lockHead, releaseReceipts } from '../sql/claim-head.js';
import { isTransient } from '../sql/database.js';
import { loadStates } from '../sql/load-states.js';
import { type EventSource, PARTITION } from './advance.js';
import { type Chain, redecide } from './chain.js';
import type { AppendObserver } from './observer.js';

export type Settle = (chain: Chain, verdict: ChainVerdict | { readonly error: unknown }) => void;

/** Refused as far as the database goes: to be decided again on a state and with keys that are read anew. */
const AGAIN: ChainVerdict = { accepted: false, faults: ['version'] };

/** Brings groups into the database, through lost connections and around poison. */
export class Committer {
  constructor(
    private readonly pool: Pool, private readonly source: EventSource, private readonly options: { patienceMs: number },
    private readonly observer: AppendObserver,
  ) {}

  /**
   * Sends a group until its fate is known. After a lost connection the same events are sent again: if they turn out to be in
   * the log, the chain is refused as a duplicate and found to be its own. A group that fails for another reason is halved
   * until the chain that is to blame stands alone.
   * @param resent they may have been committed by an earlier try
   */
  async commit(chains: readonly Chain[], settle: Settle, resent = false): Promise<void> {
    if (chains.length === 0) return;
    const result = await this.trySend(chains, resent);
    if ('verdicts' in result) {
      chains.forEach((chain, i) => settle(chain, result.verdicts[i]!));
      return;
    }
    const { error, isInDoubt } = result;
    if (chains.length === 1 || error instanceof ServiceError) {
      for (const chain of chains) settle(chain, { error: isInDoubt ? databaseAway() : error });
      return;
    }
    const half = Math.ceil(chains.length / 2);
    await this.commit(chains.slice(0, half), settle, isInDoubt);
    await this.commit(chains.slice(half), settle, isInDoubt);
  }

  /** `isInDoubt`: an earlier try was lost with its connection, and may have been committed. */
  private async trySend(
    chains: readonly Chain[], resent: boolean,
  ): Promise<{ verdicts: ChainVerdict[] } | { error: unknown; isInDoubt: boolean }> {
    const records = chains.map((chain) => chain.record);
    const started = performance.now();
    for (let tries = 0; ; tries += 1) {
      const sent = performance.now();
      try {
        const verdicts = await appendGroup(this.pool, records, this.source.origin, resent || tries > 0);
        this.observe(chains, verdicts, (performance.now() - sent) / 1000);
        return { verdicts };
      } catch (error) {
        if (!isTransient(error)) return { error, isInDoubt: resent || tries > 0 };
        if (performance.now() - started > this.options.patienceMs) return { error: databaseAway(), isInDoubt: true };
        await pause(Math.min(25 * 2 ** tries, 400));
      }
    }
  }

  private observe(chains: readonly Chain[], verdicts: readonly ChainVerdict[], seconds: number): void {
    const accepted = chains.filter((_, i) => verdicts[i]!.accepted);
    const commands = accepted.reduce((sum, chain) => sum + chain.links.length, 0);
    const events = accepted.reduce((sum, chain) => sum + chain.record.events.length, 0);
    if (events > 0) this.observer.groupCommitted({ commands, events, seconds });
  }

  /**
   * For a chain that lost several rounds to other instances: takes the head's lock first and decides under it, so that
   * nobody can come between. Costs two round trips under the lock, hence only then.
   */
  async commitLocked(chain: Chain, settle: Settle): Promise<void> {
    let client: PoolClient | undefined;
    let decided: Chain | undefined;
    // A connection that is cut between two statements would end the process if nobody listened; the next statement tells of it.
    const cut = (): void => undefined;
    try {
      client = await this.pool.connect();
      client.on('error', cut);
      await client.query('BEGIN');
      decided = await this.decideUnderLock(client, chain);
      const [verdict] = decided ? await appendGroup(client, [decided.record], this.source.origin, true) : [];
      await client.query(verdict?.accepted ? 'COMMIT' : 'ROLLBACK');
      client.off('error', cut);
      client.release();
      settle(decided ?? chain, verdict ?? AGAIN);
    } catch (error) {
      client?.off('error', cut);
      client?.release(true);
      // Its COMMIT may be under way still, unseen by whoever looks for the events without the lock that it holds.
      if (decided && isTransient(error)) await this.commit([decided], settle, true);
      else settle(chain, isTransient(error) ? AGAIN : { error });
    }
  }

  private async decideUnderLock(client: PoolClient, chain: Chain): Promise<Chain | undefined> {
    const keys = chain.record.receipts.map((receipt) => receipt.key);
    if (!(await claimReceipts(client, keys))) return undefined;
    await lockHead(client, PARTITION);
    const states = await loadStates(client, chain.slots.map((slot) => slot.ref));
    await releaseReceipts(client, keys);
    for (const [i, slot] of chain.slots.entries()) {
      slot.base = states[i]!;
      slot.confirmedAt = 0; // a refusal under this lock has not looked its keys up: it is left to the ordinary way
    }
    return redecide(chain, this.source);
  }
}

export function databaseAway(): ServiceError {
  return new ServiceError(
    'SERVICE_UNAVAILABLE', 'the database does not answer; the command may have been stored: send it again with the same key',
    undefined, 2,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
