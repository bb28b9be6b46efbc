import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AuthKey } from '@app/auth';
import type { LogLevelName } from '@app/observability';
import { z } from 'zod';

const LOG_LEVELS: readonly LogLevelName[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** A mistake of whoever starts the service: one line that says what to do, and exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max));

const Environment = z.object({
  PORT: whole(0, 65_535).default(8087),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\/./, 'must look like postgres://user:password@host:5432/database').optional(),
  DATA_DIR: z.string().default('.data'),
  REGION_ID: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and -').default('local'),
  JWT_SECRET: z.string().refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes').optional(),
  JWT_PUBLIC_KEY: z.string().transform((pem) => pem.replaceAll('\\n', '\n'))
    .pipe(z.string().startsWith('-----BEGIN', 'must be a public key in PEM form')).optional(),
  JWKS_URI: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  RATE_LIMIT_PER_MINUTE: whole(0, 1_000_000_000).default(600_000),
});

/** Everything that can be set from outside. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Absent: the service runs a PostgreSQL of its own under `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly region: string;
  /** Absent only without `databaseUrl`: a secret is then made and kept under `dataDir`. */
  readonly jwtKey: AuthKey | undefined;
  readonly jwtIssuer: string | undefined;
  readonly jwtAudience: string | undefined;
  readonly logLevel: LogLevelName;
  readonly rateLimitPerMinute: number;
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
    throw new StartError(`Wrong configuration: ${wrong.join('; ')}`);
  }
  const values = parsed.data;
  const jwtKey = jwtKeyOf(values);
  if (values.DATABASE_URL && !jwtKey) {
    throw new StartError('No key for tokens: set JWT_SECRET (at least 32 bytes), JWT_PUBLIC_KEY (PEM) or JWKS_URI');
  }
  return {
    port: values.PORT,
    host: values.HOST,
    databaseUrl: values.DATABASE_URL,
    dataDir: values.DATA_DIR,
    region: values.REGION_ID,
    jwtKey,
    jwtIssuer: values.JWT_ISSUER,
    jwtAudience: values.JWT_AUDIENCE,
    logLevel: values.LOG_LEVEL,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
  };
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
