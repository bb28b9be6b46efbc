import type { KeyObject } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import { signRoots } from './sign-roots.js';
import { logHeads } from './sql/log-pages.js';
import { lastRoot } from './sql/roots.js';
import { inSigningTurn } from './sql/signing-turn.js';

/** How roots are signed by the service itself. */
export interface RootSigning {
  /** Private, Ed25519; it is in no table and in no log. */
  readonly key: KeyObject;
  readonly everyMs: number;
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

  constructor(private readonly pool: Pool, private readonly signing: RootSigning | undefined, private readonly warn: (line: string) => void) {}

  /** The newest position that a root covers, and for how long there may be something that none covers; as of the last turn. */
  get figures(): { readonly position: number; readonly ageSeconds: number } | undefined {
    return this.signing && { position: this.position, ageSeconds: (Date.now() - this.signedAt) / 1000 };
  }

  /** Does it now and then every so often, in the background. */
  start(): void {
    const { signing } = this;
    if (!signing) return;
    this.running = this.turn(signing.key).catch((error: unknown) => {
      // A process that ends takes its connections along.
      if (!this.isStopped) this.warn(`the log is signed later: ${error instanceof Error ? error.message : String(error)}`);
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

  private async turn(key: KeyObject): Promise<void> {
    try {
      await inSigningTurn(this.pool, async (client) => {
        for await (const _root of signRoots(client, { key })) if (this.isStopped) return;
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
