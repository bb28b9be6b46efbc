import { randomUUID } from 'node:crypto';
import { type Client, createClient } from '@app/client';
import { eventually } from '@app/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildClient } from '../e2e/support/client-build.js';
import { type Service, startService } from '../e2e/support/service.js';
import { Origin } from './support/origin.js';

describe('examples/browser', () => {
  let service: Service;
  let origin: Origin;
  let browser: Browser;
  let page: Page;
  let other: Client;
  let id: string;
  /** What the page said that it should not have. */
  let complaints: string[];
  beforeAll(async () => {
    await buildClient();
    service = await startService();
    origin = new Origin(service.url);
    await origin.start();
    browser = await chromium.launch({ executablePath: process.env['GSS_TEST_CHROMIUM'], args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    await origin.stop();
    await service.stop();
  });
  beforeEach(async () => {
    id = randomUUID();
    complaints = [];
    const token = service.token('service');
    other = createClient({ url: service.url, token });
    await other.update('player', id, { gold: 100 }, { expectedVersion: 0 });
    page = await browser.newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${origin.url}/index.html#player=${id}&token=${token}`);
    await shows('gold', '100');
    await page.locator('#add:enabled').waitFor();
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  const text = (name: string): Promise<string | null> => page.locator(`#${name}`).textContent();
  const shows = (name: string, value: string): Promise<void> => eventually(async () => expect(await text(name)).toBe(value));

  it('shows what others write, as they write it', async () => {
    expect(await text('connection')).toBe('open');
    await other.patch('player', id, { gold: { $inc: 7 } });
    await shows('gold', '107');
    await shows('version', '2');
  });

  it('goes on after its connection broke', async () => {
    origin.cut();
    await other.patch('player', id, { gold: { $inc: 1 } });
    await shows('gold', '101');
    await shows('connection', 'open');
  });

  it('shows an own change before the service has it, and keeps it', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/api/v1/state/**', async (route) => {
      await held;
      await route.continue();
    });
    await page.click('#add');
    await page.click('#add');
    await shows('gold', '120');
    expect([await text('version'), await text('pending')]).toEqual(['1', '2']);
    expect((await other.state<{ gold: number }>('player', id)).data.gold).toBe(100);
    letGo();
    await shows('pending', '0');
    expect([await text('gold'), await text('version'), await text('error')]).toEqual(['120', '3', '']);
    expect((await other.state<{ gold: number }>('player', id, { consistency: 'strong' })).data.gold).toBe(120);
  });

  it('takes an own change back that is refused', async () => {
    // Gold has a bound, and from here ten more are too many.
    await other.patch('player', id, { gold: Number.MAX_SAFE_INTEGER - 5 });
    await shows('gold', String(Number.MAX_SAFE_INTEGER - 5));
    await page.click('#add');
    await eventually(async () => expect(await text('error')).not.toBe(''));
    await shows('gold', String(Number.MAX_SAFE_INTEGER - 5));
    expect(await text('pending')).toBe('0');
  });
});
