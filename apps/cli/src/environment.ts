import { join } from 'node:path';

/** Where the service and the log are, and what signs. An empty variable counts as absent, as it does for the service. */
export interface Environment {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly rootSigningKey: string | undefined;
  /** Where a service here keeps the roots that it has seen. */
  readonly rootsFile: string;
  /** Where the service answers. */
  readonly serviceUrl: string;
  readonly token: string | undefined;
  /** What the service itself would read; doctor checks it. */
  readonly ofService: NodeJS.ProcessEnv;
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    databaseUrl: env['DATABASE_URL'] || undefined,
    dataDir: env['DATA_DIR'] || '.data',
    rootsFile: env['ROOTS_FILE'] || join(env['DATA_DIR'] || '.data', 'roots.jsonl'),
    rootSigningKey: env['ROOT_SIGNING_KEY']?.replaceAll('\\n', '\n') || undefined,
    serviceUrl: env['GSS_URL'] || `http://127.0.0.1:${env['PORT'] || '8087'}`,
    token: env['GSS_TOKEN'] || undefined,
    ofService: env,
  };
}
