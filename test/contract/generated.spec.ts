import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENTITIES } from '@app/event-store';
import { DataSource } from 'typeorm';
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
