import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { attachToEmbedded } from './attach.js';
import { EmbeddedPostgres } from './embedded-postgres.js';

describe('attaching to the embedded PostgreSQL', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gss-attach-'));
  });
  afterAll(async () => rm(dataDir, { recursive: true, force: true }));

  async function answer(url: string): Promise<unknown> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query('SELECT 1 AS one')).rows[0];
    } finally {
      await client.end();
    }
  }

  it('makes no data, uses the server that runs, and starts one where none does', async () => {
    const none = join(dataDir, 'none');
    await expect(attachToEmbedded({ dataDir: none })).rejects.toThrow('There is no database in');
    await expect(attachToEmbedded({ dataDir })).rejects.toThrow('There is no database in');
    expect(existsSync(none)).toBe(false);

    const running = await EmbeddedPostgres.start({ dataDir });
    try {
      const beside = await attachToEmbedded({ dataDir });
      expect(beside.url).toBe(running.url);
      await beside.detach();
      expect(await answer(running.url)).toEqual({ one: 1 });
    } finally {
      await running.stop();
    }

    const own = await attachToEmbedded({ dataDir });
    expect(await answer(own.url)).toEqual({ one: 1 });
    await own.detach();
    await expect(answer(own.url)).rejects.toThrow();
  });
});
