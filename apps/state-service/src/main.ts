import { mkdir } from 'node:fs/promises';
import { EmbeddedPostgres } from '@app/embedded-postgres';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, readConfig, serviceVersion } from './config.js';
import { Lifecycle } from './lifecycle.js';
import { explain } from './start/explain.js';

/** After this the process ends by force, acknowledged or not: what is not acknowledged is not promised. */
const SHUTDOWN_LIMIT_MS = 9_500;

interface Running {
  app?: NestFastifyApplication;
  postgres?: EmbeddedPostgres;
}

async function start(config: Config, running: Running): Promise<void> {
  const lifecycle = new Lifecycle();
  stopOnSignals(running, lifecycle);
  // The frameworks take a second to load: a wrong setting is told before that, and PostgreSQL starts meanwhile.
  const frameworks = Promise.all([
    import('../../../migrations/migrate.js'), import('./app.js'), import('./start/local-secret.js'),
  ]);
  const databaseUrl = config.databaseUrl ?? await startPostgres(config, running);
  const [{ migrate }, { createApp }, { localSecret }] = await frameworks;
  await migrate(databaseUrl);
  const jwtKey = config.jwtKey ?? { kind: 'secret' as const, secret: await localSecret(config.dataDir) };
  running.app = await createApp({ ...config, databaseUrl, jwtKey }, lifecycle);
  await running.app.listen(config.port, config.host);
  lifecycle.phase = 'ready';
  welcome(config, await running.app.getUrl());
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

function welcome({ databaseUrl, dataDir, jwtKey }: Config, url: string): void {
  const lines = [
    `Global State Service ${serviceVersion()} listens on ${url}`,
    `  API reference  ${url}/api/v1/docs  (OpenAPI: ${url}/api/v1/openapi.json)`,
    `  Database       ${databaseUrl ? 'DATABASE_URL' : `embedded PostgreSQL in ${dataDir}`}`,
    jwtKey ? '  Tokens         signed by your key' : '  A token        npm run -s token -- --role admin',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Unready at once, answer what is in flight, flush, close; PostgreSQL goes last. A second signal ends it by force. */
function stopOnSignals(running: Running, lifecycle: Lifecycle): void {
  const stop = (): void => {
    if (lifecycle.phase === 'draining') process.exit(1);
    lifecycle.phase = 'draining';
    setTimeout(() => fail('The shutdown took too long and was cut'), SHUTDOWN_LIMIT_MS).unref();
    shutDown(running).then(() => process.exit(0), (error: unknown) => fail(`The shutdown failed: ${String(error)}`));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function shutDown({ app, postgres }: Running): Promise<void> {
  await app?.close();
  await postgres?.stop();
}

function fail(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const running: Running = {};
  let config: Config | undefined;
  try {
    config = readConfig();
    await start(config, running);
  } catch (error) {
    await shutDown(running).catch((again: unknown) => process.stderr.write(`${String(again)}\n`));
    fail(explain(error, config) ?? `The service could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

await main();
