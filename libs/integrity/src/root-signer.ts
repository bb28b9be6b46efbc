import type { KeyObject } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import { RootsChanged, RootWitness } from './root-witness.js';
import { signRoots } from './sign-roots.js';
import { logHeads } from './sql/log-pages.js';
import { lastRoot } from './sql/roots.js';
import { inSigningTurn } from './sql/signing-turn.js';

/** How roots are signed by the service itself. */
export interface RootSigning {
  /** Private, Ed25519; it is in no table and in no log. */
  readonly key: KeyObject;
  readonly everyMs: number;
  /** Where the roots that were there are kept, outside the database; see `RootWitness`. */
  readonly file?: string;
}

const NewestRoot = z.object({ last: z.number(), signedAt: z.string() });
const UNIQUE_VIOLATION = '23505';

/** Signs what no root covers yet, again and again, on whichever instance comes to it first. Without a key it does nothing. */
export class RootSigner {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;
  private position = 0;
  /** When all that there was is known to have been signed. */
  private signedAt = Date.now();
  private readonly witness: RootWitness;
  private alarm: string | undefined;

  constructor(
    private readonly pool: Pool, private readonly signing: RootSigning | undefined, private readonly say: (line: string, level: 'warn' | 'error') => void,
  ) {
    this.witness = new RootWitness(signing?.file);
  }

  /**
   * The newest position that a root covers, and for how long there may be something that none covers; as of the last turn.
   * `isAlarmed`: roots that were there are not there any more, so nothing is signed.
   */
  get figures(): { readonly position: number; readonly ageSeconds: number; readonly isAlarmed: boolean } | undefined {
    return this.signing && { position: this.position, ageSeconds: (Date.now() - this.signedAt) / 1000, isAlarmed: this.alarm !== undefined };
  }

  /** Does it now and then every so often, in the background. */
  start(): void {
    const { signing } = this;
    if (!signing) return;
    this.running = this.turn(signing.key).catch((error: unknown) => {
      // A process that ends takes its connections along.
      if (!this.isStopped) this.tell(error);
    }).finally(() => {
      if (!this.isStopped) this.timer = setTimeout(() => this.start(), signing.everyMs).unref();
    });
  }

  /** Resolves when the root under way, if there is one, is committed. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** An alarm is said once, and stands until the roots are there again. */
  private tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (!(error instanceof RootsChanged)) this.say(`the log is signed later: ${why}`, 'warn');
    else if (this.alarm !== why) this.say((this.alarm = why), 'error');
  }

  private async turn(key: KeyObject): Promise<void> {
    try {
      await inSigningTurn(this.pool, async (client) => {
        await this.witness.compare(client);
        this.alarm = undefined;
        await this.witness.catchUp(client, key);
        for await (const root of signRoots(client, { key, seen: (partition) => this.witness.seen(partition) })) {
          await this.witness.add(root);
          if (this.isStopped) return;
        }
      });
    } catch (error) {
      // Somebody signed by hand at the same time: then it is signed.
      if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
    } finally {
      if (!this.isStopped) await this.look();
    }
  }

  private async look(): Promise<void> {
    const now = Date.now();
    const heads = await logHeads(this.pool);
    const roots = await Promise.all(heads.map(async ({ partition, position }) => {
      const root = await lastRoot(this.pool, partition);
      const { last, signedAt } = root ? NewestRoot.parse(JSON.parse(root.statement)) : { last: 0, signedAt: 0 };
      return { last, signedAt: last >= position ? now : new Date(signedAt).getTime() };
    }));
    this.position = roots.at(-1)?.last ?? 0;
    this.signedAt = Math.max(this.signedAt, Math.min(now, ...roots.map(({ signedAt }) => signedAt)));
  }
}
