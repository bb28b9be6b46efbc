import { randomUUID } from 'node:crypto';
import { createClient } from '@app/client';
import type { JsonObject } from '@app/kernel';
import { type OperationContext, Operations } from '@app/operations';
import { eventually } from '@app/testing';
import { WebSocket } from 'ws';
import { EventSourceClient } from './support/event-source-client.js';
import { type Service, startService } from './support/service.js';
import { startTwin, type Twin } from './support/streaming.js';
import { WebSocketClient } from './support/web-socket-client.js';

describe('operations', () => {
  let service: Service;
  let twin: Twin;
  let token: string;
  /** Runs stand at these steps until they are told to go on. */
  let upTo = 0;

  beforeAll(async () => {
    service = await startService();
    service.app.get(Operations).register('spec', {
      unit: 'steps', targets: ({ on }) => [on as string],
      run: async (context: OperationContext): Promise<JsonObject> => {
        for (let step = 0; step < 4;) {
          context.signal.throwIfAborted();
          if (step < upTo) await context.save({ step: step += 1 }, step);
          context.progress(step, 4);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return { steps: 4 };
      },
    });
    twin = await startTwin(service);
    token = service.token('operator');
  });
  afterAll(async () => {
    await twin.stop();
    await service.stop();
  });
  beforeEach(() => {
    upTo = 0;
  });

  const begin = async (on = randomUUID() as string): Promise<string> => (await service.app.get(Operations).submit({ kind: 'spec', parameters: { on }, createdBy: 'spec' })).id;
  const ask = (method: string, path: string) => service.ask(method, `/api/v1/operations${path}`, { token });
  const told = (all: readonly { readonly [field: string]: unknown }[]) => all.map(({ messageType, operation }) =>
    [messageType, ...(operation ? [(operation as { status: string }).status, (operation as { done: number }).done] : [])]);

  it('tell how far they are, list by page, and are cancelled and resumed', async () => {
    const id = await begin();
    upTo = 1;
    await eventually(async () => expect((await ask('GET', `/${id}`)).body).toMatchObject({
      operationId: id, kind: 'spec', status: 'running', unit: 'steps', done: 1, total: 4, progress: 0.25, rate: expect.any(Number),
      createdBy: 'spec', createdAt: expect.any(String), startedAt: expect.any(String),
    }), 30_000);
    expect((await ask('POST', `/${id}/cancel`)).body).toMatchObject({ status: 'cancelling' });
    await eventually(async () => expect((await ask('GET', `/${id}`)).body).toMatchObject({ status: 'cancelled', done: 1 }));
    upTo = 4;
    const resumed = await ask('POST', `/${id}/resume`);
    expect(resumed).toMatchObject({ status: 202, body: { status: 'queued', operationId: id } });
    expect(resumed.headers.get('location')).toBe(`/api/v1/operations/${id}`);
    await eventually(async () => expect((await ask('GET', `/${id}`)).body).toMatchObject({ status: 'completed', progress: 1, result: { steps: 4 } }));
    expect(await ask('POST', `/${id}/resume`)).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
    const second = await begin();
    const page = await ask('GET', '?limit=1');
    expect(page.body).toMatchObject({ operations: [{ operationId: second }], hasMore: true });
    const next = /<\/api\/v1\/operations(.+)>; rel="next"/.exec(page.headers.get('link')!)![1]!;
    expect((await ask('GET', next)).body).toMatchObject({ operations: [{ operationId: id }], hasMore: false });
    expect(await ask('GET', '?cursor=x')).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
    expect((await ask('GET', `/${randomUUID()}`)).body).toMatchObject({ error: 'OPERATION_NOT_FOUND', code: '404' });
    const metrics = (await service.ask('GET', '/metrics', { token: null })).text;
    expect(metrics).toContain('gss_operations_finished_total{outcome="cancelled"} 1');
  });

  it('refuse those whose token is limited to other types', async () => {
    const limited = service.token('operator', { aggregateTypes: ['guild'] });
    const rebuild = (body: object) => service.ask('POST', '/api/v1/operations/rebuild', { token: limited, body });
    expect(await rebuild({ target: 'states' })).toMatchObject({ status: 403, body: { error: 'FORBIDDEN' } });
    expect(await rebuild({ target: 'states', aggregateType: 'player' })).toMatchObject({ status: 403 });
  });

  it('are told live on any instance, also over Server-Sent Events, the newest first', async () => {
    const id = await begin();
    const socket = await WebSocketClient.open(twin.url, { token });
    const first = await socket.subscribe(`operations/${id}`);
    expect(told(first).map(([kind]) => kind)).toEqual(['SUBSCRIBED', 'OPERATION_CHANGED', 'LIVE']);
    expect(first[0]).toMatchObject({ channel: `operations/${id}`, recovered: true, cursor: expect.any(String), epoch: expect.any(String) });
    upTo = 4;
    let last = first[1]!;
    while ((last['operation'] as { status: string }).status !== 'completed') last = await socket.next();
    expect(last).toMatchObject({ messageType: 'OPERATION_CHANGED', operation: (await ask('GET', `/${id}`)).body });
    const events = await EventSourceClient.open(service.url, `channel=operations/${id}`, { token, headers: { 'last-event-id': first[2]!.cursor! } });
    expect(told(await events.until('LIVE'))).toEqual([['SUBSCRIBED'], ['OPERATION_CHANGED', 'completed', 4], ['LIVE']]);
    await events.hangUp();
    expect(await socket.subscribe(`operations/${randomUUID()}`)).toMatchObject([{ messageType: 'ERROR', error: 'OPERATION_NOT_FOUND' }]);
    await socket.hangUp();
    const viewer = await WebSocketClient.open(service.url, { token: service.token('service') });
    expect(await viewer.subscribe(`operations/${id}`)).toMatchObject([{ messageType: 'ERROR', error: 'FORBIDDEN' }]);
    await viewer.hangUp();
  });

  it('are watched by the client to their end', async () => {
    const id = await begin();
    const client = createClient({ url: service.url, token, WebSocket });
    const seen: string[] = [];
    for await (const message of client.watch(`operations/${id}`)) {
      if (message.type === 'live') upTo = 4;
      if (message.type !== 'operation') continue;
      seen.push(message.operation.status);
      if (message.operation.status === 'completed') break;
    }
    expect(seen.length).toBeGreaterThan(1);
    client.close();
  });
});
