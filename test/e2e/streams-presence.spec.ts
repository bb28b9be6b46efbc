import { randomUUID } from 'node:crypto';
import { eventually, type RedisServer, startRedis } from '@app/testing';
import { type Service, startService } from './support/service.js';
import type { Told } from './support/inbox.js';
import { startTwin, type Twin } from './support/streaming.js';
import { WebSocketClient } from './support/web-socket-client.js';

describe('presence', () => {
  let service: Service;
  let redis: RedisServer;
  let twin: Twin;
  const clients: WebSocketClient[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    service = await startService({ REDIS_URL: redis.url });
    twin = await startTwin(service, { REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await twin.stop();
    await service.stop();
    await redis.stop();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.hangUp()));
  });

  const enter = async (subject: string, channel: string, more: object = { presence: true }, url = service.url): Promise<WebSocketClient> => {
    const client = await WebSocketClient.open(url, { token: service.token('service', { sub: subject }) });
    clients.push(client);
    expect((await client.subscribe(channel, more)).at(-1)).toMatchObject({ messageType: 'LIVE' });
    return client;
  };
  const told = ({ all }: WebSocketClient): Told[] => all.filter(({ messageType }) => messageType === 'PRESENCE');
  const here = (client: WebSocketClient): string[] => {
    const subjects = new Set<string>();
    for (const { members = [], joined = [], left = [] } of told(client) as unknown as Record<string, string[] | undefined>[]) {
      for (const subject of [...members, ...joined]) subjects.add(subject);
      for (const subject of left) subjects.delete(subject);
    }
    return [...subjects].sort();
  };
  const leave = async (client: WebSocketClient): Promise<void> => {
    clients.splice(clients.indexOf(client), 1);
    await client.hangUp();
  };

  it('tells who is there, who comes and who goes, once for each subject', async () => {
    const channel = `world/${randomUUID()}`;
    const ann = await enter('ann', channel);
    expect(await ann.next()).toEqual({ messageType: 'PRESENCE', channel, members: ['ann'] });
    const ben = await enter('ben', channel);
    expect(await ben.next()).toEqual({ messageType: 'PRESENCE', channel, members: ['ann', 'ben'] });
    expect(await ann.next()).toEqual({ messageType: 'PRESENCE', channel, joined: ['ben'] });
    const again = await enter('ben', channel);
    await leave(ben);
    expect((await ann.heard()).length).toBe(0);
    await leave(again);
    expect(await ann.next()).toEqual({ messageType: 'PRESENCE', channel, left: ['ben'] });
  });

  it('is for those who are seen themselves, and not on other channels', async () => {
    const channel = `combat/${randomUUID()}`;
    const quiet = await enter('quiet', channel, {});
    const loud = await enter('loud', channel);
    await loud.heard();
    await quiet.heard();
    expect([told(quiet), here(loud)]).toEqual([[], ['loud']]);
    expect(await loud.subscribe(`player/${randomUUID()}`, { presence: true })).toMatchObject([{ messageType: 'ERROR', error: 'VALIDATION_ERROR' }]);
  });

  it('reaches over instances, and forgets one that is gone', async () => {
    const channel = 'world/server/eu-1';
    const ann = await enter('ann', channel);
    const cat = await enter('cat', channel, { presence: true }, twin.url);
    await eventually(() => expect([here(ann), here(cat)]).toEqual([['ann', 'cat'], ['ann', 'cat']]));
    await leave(cat);
    await eventually(() => expect(here(ann)).toEqual(['ann']));
  });
});
