import { mkdir } from 'node:fs/promises';
import { EmbeddedPostgres } from '@app/embedded-postgres';
import { type Config, readConfig, serviceVersion } from './config.js';
import { Lifecycle } from './lifecycle.js';
import { fail, stopOnSignals } from './start/ending.js';
import { explainFully } from './start/explain.js';
import type { Service } from './start/service.js';

interface Running {
  service?: Service;
  postgres?: EmbeddedPostgres;
}

async function start(config: Config, running: Running): Promise<void> {
  const lifecycle = new Lifecycle();
  stopOnSignals(lifecycle, () => shutDown(running));
  // The frameworks take a second to load: a wrong setting is told before that, and PostgreSQL starts meanwhile.
  const frameworks = Promise.all([
    import('../../../migrations/migrate.js'), import('./start/local-secret.js'),
    config.workers === 1 ? import('./start/alone.js') : import('./workers/crew.js'),
  ]);
  const databaseUrl = config.databaseUrl ?? await startPostgres(config, running);
  const [{ migrate }, { localSecret }, { createService }] = await frameworks;
  await migrate(databaseUrl);
  const jwtKey = config.jwtKey ?? { kind: 'secret' as const, secret: await localSecret(config.dataDir) };
  running.service = await createService({ ...config, databaseUrl, jwtKey }, lifecycle);
  const url = await running.service.listen();
  if (lifecycle.phase === 'starting') lifecycle.phase = 'ready';
  welcome(config, url);
}

async function startPostgres({ dataDir }: Config, running: Running): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  running.postgres = await EmbeddedPostgres.start({
    dataDir,
    log: (line) => process.stderr.write(`${line}\n`),
    onFatal: (error) => fail(`The embedded PostgreSQL is gone for good: ${error.message}`),
  });
  return running.postgres.url;
}

function welcome({ databaseUrl, dataDir, jwtKey, workers }: Config, url: string): void {
  const lines = [
    `Global State Service ${serviceVersion()} listens on ${url}`,
    `  API reference  ${url}/api/v1/docs  (OpenAPI: ${url}/api/v1/openapi.json)`,
    `  Database       ${databaseUrl ? 'DATABASE_URL' : `embedded PostgreSQL in ${dataDir}`}`,
    ...(workers === 1 ? [] : [`  Processes      ${workers} workers, started again if they die`]),
    jwtKey ? '  Tokens         signed by your key' : '  A token        npm run -s token -- --role admin',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function shutDown({ service, postgres }: Running): Promise<void> {
  try {
    await service?.close();
  } finally {
    await postgres?.stop();
  }
}

async function main(): Promise<void> {
  const running: Running = {};
  let config: Config | undefined;
  try {
    config = readConfig();
    await start(config, running);
  } catch (error) {
    await shutDown(running).catch((again: unknown) => process.stderr.write(`${String(again)}\n`));
    fail(explainFully(error, config));
  }
}

await main();
