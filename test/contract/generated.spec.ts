import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ENTITIES } from '@app/event-store';
import { describeStreams } from '@app/stream';
import { DataSource } from 'typeorm';
import { serviceVersion } from '../../apps/state-service/src/config.js';
import { describeApi } from '../../apps/state-service/src/http/openapi.js';
import { describeSchema } from '../../migrations/describe-schema.js';
import { type Service, startService } from '../e2e/support/service.js';

const root = join(__dirname, '../..');
/** Set by `npm run generate`: writes the files instead of comparing them. */
const renew = process.env['GENERATE'] === 'true';

/** What is committed must be what the code makes. */
async function expectCommitted(file: string, made: string): Promise<void> {
  if (renew) await writeFile(join(root, file), made);
  const committed = await readFile(join(root, file), 'utf8').catch(() => '');
  // On a difference: npm run generate, and look at what changed before you commit it.
  expect(made).toBe(committed);
}

describe('generated files', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it('openapi.json is what the service serves', async () => {
    const document = describeApi(service.app);
    await expectCommitted('openapi.json', `${JSON.stringify(document, null, 2)}\n`);
    const served = await service.ask('GET', '/api/v1/openapi.json', { token: null });
    expect(served.body).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('the types and routes of the client are what openapi.json makes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'client-'));
    await promisify(execFile)(process.execPath, [join(__dirname, 'generate-client.mjs'), join(root, 'openapi.json'), folder]);
    for (const file of ['api.ts', 'routes.ts']) {
      await expectCommitted(`libs/client/src/generated/${file}`, await readFile(join(folder, file), 'utf8'));
    }
    await rm(folder, { recursive: true });
  });

  it('asyncapi.json is what the service serves', async () => {
    const document = describeStreams(serviceVersion());
    await expectCommitted('asyncapi.json', `${JSON.stringify(document, null, 2)}\n`);
    const served = await service.ask('GET', '/api/v1/asyncapi.json', { token: null });
    expect(served.body).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('test/schema.sql is what the migrations make', async () => {
    await expectCommitted('test/schema.sql', await describeSchema(service.db.pool));
  });

  it('the TypeORM entities are what the migrations make', async () => {
    const dataSource = new DataSource({ type: 'postgres', url: service.db.url, entities: ENTITIES, schema: 'global_state' });
    await dataSource.initialize();
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });
});
