import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AuthKey } from '@app/auth';
import { AGGREGATE_TYPES } from '@app/kernel';
import type { LogLevelName } from '@app/observability';
import { RulesFile } from '@app/rules';
import { z } from 'zod';

const LOG_LEVELS: readonly LogLevelName[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** A mistake of whoever starts the service: one line that says what to do, and exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';

  /** @param variables what is wrong with which variable, where it is with some */
  constructor(message: string, readonly variables: readonly string[] = []) {
    super(message);
  }
}

/**
 * It takes 100 connections, and a worker up to 17: 10 for reads, 2 for appends, 2 for the audit log, 1 that listens, 1 that looks for
 * changes, 1 for health; and 1 more while it verifies the log.
 */
const MAX_WORKERS_EMBEDDED = 5;

const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max));

/** `1000,world:200`: for all types, and for some. */
function snapshotIntervals(text: string): (type: string) => number {
  const [usual, ...some] = text.split(',');
  const byType = new Map(some.map((entry) => entry.split(':')).map(([type, every]) => [type, Number(every)]));
  return (type) => byType.get(type) ?? Number(usual);
}

/** A private key in PEM form. What is wrong with it is not said in detail: it is a secret. */
function ed25519(pem: string, context: z.RefinementCtx): KeyObject {
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below: it is no key at all.
  }
  context.addIssue('must be a private key of Ed25519 in PEM form');
  return z.NEVER;
}

const Environment = z.object({
  PORT: whole(0, 65_535).default(8087),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\/./, 'must look like postgres://user:password@host:5432/database').optional(),
  REDIS_URL: z.string().regex(/^rediss?:\/\/[^,]+(,rediss?:\/\/[^,]+)*$/, 'must look like redis://host:6379').optional(),
  REDIS_CLUSTER: z.enum(['true', 'false']).default('false').transform((word) => word === 'true'),
  L1_MAX_BYTES: whole(1, 64 * 2 ** 30).default(256 * 2 ** 20),
  DATA_DIR: z.string().default('.data'),
  REGION_ID: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and -').default('local'),
  JWT_SECRET: z.string().refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes').optional(),
  JWT_PUBLIC_KEY: z.string().transform((pem) => pem.replaceAll('\\n', '\n'))
    .pipe(z.string().startsWith('-----BEGIN', 'must be a public key in PEM form')).optional(),
  JWKS_URI: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  ALLOWED_ORIGINS: z.string().transform((list) => list.split(',').map((origin) => origin.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/, error: 'must be origins such as https://game.example, separated by commas' })))
    .default([]),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  RATE_LIMIT_PER_MINUTE: whole(0, 1_000_000_000).default(600_000),
  SNAPSHOT_EVERY: z.string().regex(/^\d+(,(player|guild|world|economy|combat):\d+)*$/, 'must look like 1000 or 1000,world:200')
    .default('1000').transform(snapshotIntervals).refine((every) => every('') >= 1 && AGGREGATE_TYPES.every((type) => every(type) >= 1),
      'must be 1 or more'),
  ANALYTICS: z.enum(['on', 'off']).default('on').transform((word) => word === 'on'),
  AUDIT_RETENTION_DAYS: whole(1, 36_500).default(90),
  WORKERS: whole(1, 64).default(1),
  RULES_FILE: z.string().optional(),
  ROOT_SIGNING_KEY: z.string().transform(ed25519).optional(),
  ROOTS_FILE: z.string().optional(),
  ROOTS_EVERY_SECONDS: whole(1, 86_400).default(60),
});

/** Everything that can be set from outside. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Absent: the service runs a PostgreSQL of its own under `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** Where the shared cache is; absent: there is none. */
  readonly redis: { readonly urls: readonly string[]; readonly cluster: boolean } | undefined;
  /** What the cache in memory may hold. */
  readonly l1MaxBytes: number;
  readonly dataDir: string;
  readonly region: string;
  /** Absent only without `databaseUrl`: a secret is then made and kept under `dataDir`. */
  readonly jwtKey: AuthKey | undefined;
  readonly jwtIssuer: string | undefined;
  readonly jwtAudience: string | undefined;
  readonly logLevel: LogLevelName;
  readonly rateLimitPerMinute: number;
  /** Origins of pages that may open streams, beside the service's own. */
  readonly allowedOrigins: readonly string[];
  /** Versions between two kept folds of an aggregate, by type. */
  readonly snapshotEvery: (type: string) => number;
  /** Whether this instance counts the log; of those that do, one at a time works. */
  readonly analytics: boolean;
  /** What the operator says of the rules of the game. */
  readonly rules: RulesFile;
  /** With what roots over the log are signed, how often, and where they are kept beside the database; absent: the service signs none. */
  readonly rootSigning: { readonly key: KeyObject; readonly everyMs: number; readonly file: string } | undefined;
  /** Days that the audit log keeps. */
  readonly auditRetentionDays: number;
  /** Processes that serve; with more than one the started process only looks after them. */
  readonly workers: number;
}

/**
 * Reads the environment; an empty variable counts as absent.
 * @throws StartError naming the variable, what is wrong with it and what it takes
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new StartError(`Wrong configuration: ${wrong.join('; ')}`, wrong);
  }
  const values = parsed.data;
  const jwtKey = jwtKeyOf(values);
  if (values.DATABASE_URL && !jwtKey) {
    throw new StartError('No key for tokens: set JWT_SECRET (at least 32 bytes), JWT_PUBLIC_KEY (PEM) or JWKS_URI');
  }
  if (!values.DATABASE_URL && values.WORKERS > MAX_WORKERS_EMBEDDED) {
    throw new StartError(`The embedded PostgreSQL has connections for ${MAX_WORKERS_EMBEDDED} workers: set DATABASE_URL, or a smaller WORKERS`);
  }
  return {
    port: values.PORT,
    host: values.HOST,
    databaseUrl: values.DATABASE_URL,
    redis: redisOf(values),
    l1MaxBytes: values.L1_MAX_BYTES,
    dataDir: values.DATA_DIR,
    region: values.REGION_ID,
    jwtKey,
    jwtIssuer: values.JWT_ISSUER,
    jwtAudience: values.JWT_AUDIENCE,
    logLevel: values.LOG_LEVEL,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    allowedOrigins: values.ALLOWED_ORIGINS.map((origin) => new URL(origin).origin),
    snapshotEvery: values.SNAPSHOT_EVERY,
    analytics: values.ANALYTICS,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    rootSigning: values.ROOT_SIGNING_KEY && {
      key: values.ROOT_SIGNING_KEY, everyMs: 1000 * values.ROOTS_EVERY_SECONDS, file: values.ROOTS_FILE ?? join(values.DATA_DIR, 'roots.jsonl'),
    },
    workers: values.WORKERS,
    rules: values.RULES_FILE === undefined ? RulesFile.parse({}) : readRules(values.RULES_FILE),
  };
}

function readRules(path: string): RulesFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(`RULES_FILE cannot be read: ${(error as Error).message}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new StartError(`RULES_FILE ${path} is not JSON`);
  }
  const parsed = RulesFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.slice(0, 5).map(({ path: place, message }) => `${place.join('.') || 'the file'} ${message}`);
  throw new StartError(`RULES_FILE ${path} is wrong: ${wrong.join('; ')}`);
}

function jwtKeyOf(values: z.output<typeof Environment>): AuthKey | undefined {
  const keys: AuthKey[] = [
    ...(values.JWT_SECRET === undefined ? [] : [{ kind: 'secret' as const, secret: values.JWT_SECRET }]),
    ...(values.JWT_PUBLIC_KEY === undefined ? [] : [{ kind: 'publicKey' as const, pem: values.JWT_PUBLIC_KEY }]),
    ...(values.JWKS_URI === undefined ? [] : [{ kind: 'jwks' as const, uri: values.JWKS_URI }]),
  ];
  if (keys.length > 1) throw new StartError('Set only one of JWT_SECRET, JWT_PUBLIC_KEY and JWKS_URI');
  return keys[0];
}

function redisOf({ REDIS_URL: given, REDIS_CLUSTER: cluster }: z.output<typeof Environment>): Config['redis'] {
  const urls = given?.split(',') ?? [];
  if (urls.length > 1 && !cluster) throw new StartError('REDIS_URL names several servers: set REDIS_CLUSTER=true, or name one');
  if (urls.length === 0 && cluster) throw new StartError('REDIS_CLUSTER=true needs REDIS_URL: one or more nodes, separated by commas');
  return urls.length === 0 ? undefined : { urls, cluster };
}

/** The version of this build, from package.json. */
export function serviceVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      return z.object({ version: z.string() }).parse(
        JSON.parse(readFileSync(fileURLToPath(new URL('package.json', folder)), 'utf8'))).version;
    } catch (error) {
      if (folder.pathname === '/') throw error;
    }
  }
}
