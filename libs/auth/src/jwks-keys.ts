import type { KeyObject } from 'node:crypto';
import { ServiceError } from '@app/kernel';
import { Logger } from '@nestjs/common';
import { JwksClient } from 'jwks-rsa';
import { z } from 'zod';
import { unauthenticated } from './bearer.js';
import { publicKey, type TokenHeader, type VerificationKey, VerificationKeys } from './verification-keys.js';

/** A key set older than this is fetched again in the background. */
const FRESH_MS = 10 * 60_000;
/** A key set older than this is trusted no more: the longest that a withdrawn key lives while its endpoint is down. */
const TRUSTED_MS = 60 * 60_000;
/** No fetch for this long after one that failed or brought nothing, so that made-up key ids cost one fetch in 5 s. */
const QUIET_MS = 5_000;
/** For the whole answer. The client's own timeout is only for a silent socket. */
const FETCH_TIMEOUT_MS = 3_000;

interface NamedKey extends VerificationKey {
  readonly keyId?: string;
}

/**
 * The keys of a JSON Web Key Set. All of its keys are kept at once, and a key id that is not among them fetches the set
 * again: so a rotation is seen at its first token. jwks-rsa's own cache and rate limit are not used: they go by key
 * id, ten fetches a minute, and ten tokens with made-up key ids then lock out a real one for the rest of the minute.
 */
export class JwksKeys extends VerificationKeys {
  readonly algorithms = ['RS256', 'ES256'] as const;
  private readonly logger = new Logger(JwksKeys.name);
  private readonly client: JwksClient;
  private keys: readonly NamedKey[] = [];
  private fetchedAt = -Infinity;
  private quietUntil = -Infinity;
  private failing = false;
  private fetching?: Promise<void>;

  constructor(uri: string, private readonly now: () => number = Date.now) {
    super();
    if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) {
      throw new Error('the JWKS URI must be an http or https address');
    }
    this.client = new JwksClient({ jwksUri: uri, cache: false, rateLimit: false, fetcher: fetchKeySet });
  }

  override async keyFor(header: TokenHeader): Promise<KeyObject> {
    const known = this.find(header);
    if (known) {
      // Nobody waits for this one, and it keeps its failure to itself.
      if (this.age() > FRESH_MS && !this.isQuiet()) void this.refresh();
      return known;
    }
    if (!this.isQuiet()) {
      await this.refresh();
      const fetched = this.find(header);
      if (fetched) return fetched;
      this.quietUntil = this.now() + QUIET_MS;
    }
    throw this.failing ? this.unavailable() : unauthenticated('the token is signed with a key that is not known here');
  }

  private find({ algorithm, keyId }: TokenHeader): KeyObject | undefined {
    if (this.age() > TRUSTED_MS) return undefined;
    // Without a key id only a set of one leaves no doubt.
    if (keyId === undefined && this.keys.length > 1) return undefined;
    return this.keys.find((key) => key.algorithm === algorithm && (keyId ?? key.keyId) === key.keyId)?.key;
  }

  private refresh(): Promise<void> {
    this.fetching ??= this.fetch().finally(() => { this.fetching = undefined; });
    return this.fetching;
  }

  private async fetch(): Promise<void> {
    try {
      this.keys = usableKeys(await this.client.getSigningKeys());
      this.fetchedAt = this.now();
      this.failing = false;
    } catch (error) {
      this.failing = true;
      this.quietUntil = this.now() + QUIET_MS;
      this.logger.warn(`the JWKS cannot be fetched: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private unavailable(): ServiceError {
    const seconds = Math.max(1, Math.ceil((this.quietUntil - this.now()) / 1000));
    return new ServiceError('SERVICE_UNAVAILABLE', 'the keys that verify tokens cannot be fetched', undefined, seconds);
  }

  private age(): number {
    return this.now() - this.fetchedAt;
  }

  private isQuiet(): boolean {
    return this.now() < this.quietUntil;
  }
}

/** Those of the right type and size; a set may also hold keys for other uses. */
function usableKeys(keys: Awaited<ReturnType<JwksClient['getSigningKeys']>>): NamedKey[] {
  return keys.flatMap((key) => {
    try {
      const usable = publicKey(key.getPublicKey());
      // A key that declares another algorithm (RFC 7517, section 4.4) is not for ours.
      return (key.alg ?? usable.algorithm) === usable.algorithm ? [{ ...usable, keyId: key.kid }] : [];
    } catch {
      return [];
    }
  });
}

const keySet = z.object({ keys: z.array(z.looseObject({})) });

async function fetchKeySet(uri: string): Promise<z.infer<typeof keySet>> {
  const answer = await fetch(uri, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (answer.ok) return keySet.parse(await answer.json());
  await answer.body?.cancel();
  throw new Error(`HTTP status ${answer.status}`);
}
