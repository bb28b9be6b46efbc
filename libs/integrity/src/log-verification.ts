import type { KeyObject } from 'node:crypto';
import type { JsonObject } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import { Client } from 'pg';
import { rootsIn } from './roots-file.js';
import { BEGIN_FROZEN } from './sql/raw.js';
import { DEFAULT_LIMIT, verify } from './verify.js';

/** Bound to `POST /operations/verify`. */
export const VERIFY = 'verify';

const CONNECT_MS = 10_000;

/**
 * Verifies the whole log as `verify` does, while the service goes on: page by page, on a connection of its own that holds one view of the
 * database to the end. It saves nothing, since no later run could have that view: one that was cut or is resumed begins anew.
 */
export class LogVerification implements OperationKind {
  /** Each counts twice: once by position and once by aggregate. */
  readonly unit = 'events';

  /**
   * @param signing the public key of the roots, and the file where they are kept outside the database; without a key their hashes and links
   * are checked, their signatures are not
   */
  constructor(private readonly databaseUrl: string, private readonly signing: { readonly key: KeyObject; readonly file?: string } | undefined) {}

  prepare(given: JsonObject): JsonObject {
    return { limit: DEFAULT_LIMIT, ...given };
  }

  targets(): readonly string[] {
    return [VERIFY];
  }

  async run(context: OperationContext): Promise<JsonObject> {
    const begun = performance.now();
    // Before the view of the database: what is in the file by now was in the table before.
    const roots = this.signing?.file === undefined ? [] : await rootsIn(this.signing.file);
    const result = await this.frozen(context.signal, (client) => verify(client, {
      keys: this.signing ? [this.signing.key] : 'unchecked', roots, limit: context.parameters['limit'] as number,
      onProgress: (done, total) => context.progress(done, Math.max(done, total)),
    }));
    const signatures = this.signing ? 'checked' : 'unchecked';
    return { ...result, signatures, keptRoots: roots.length, seconds: (performance.now() - begun) / 1000 } as unknown as JsonObject;
  }

  /** Cutting the connection ends what waits for it, however long the statement would take. */
  private async frozen<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.databaseUrl, application_name: 'gss-verify', connectionTimeoutMillis: CONNECT_MS, keepAlive: true });
    client.on('error', () => undefined); // the statement under way says it
    const cut = (): void => void client.end();
    signal.addEventListener('abort', cut);
    try {
      await client.connect();
      signal.throwIfAborted();
      await client.query(BEGIN_FROZEN);
      return await work(client);
    } finally {
      signal.removeEventListener('abort', cut);
      await client.end();
    }
  }
}
