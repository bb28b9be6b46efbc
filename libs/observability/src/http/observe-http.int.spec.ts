import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { ServiceError } from '@app/kernel';
import { eventually } from '@app/testing';
import {
  type ArgumentsHost, Catch, Controller, type ExceptionFilter, Get, HttpException, HttpStatus, Module, Req,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { FastifyNestLogger } from '../log/fastify-nest-logger.js';
import { loggerOptions, type LogLevelName } from '../log/logger-options.js';
import { METRICS_ROOT_PATHS } from '../metrics.controller.js';
import { Metrics } from '../metrics.js';
import { ObservabilityModule } from '../observability.module.js';
import { type HttpWatch, observeHttp } from './observe-http.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const EVIL = '\r\n\u001b[2K{"level":"info","msg":"all is well"}\u2028';
const ONE_LINE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*\n$/u;

@Controller('things')
class ThingsController {
  static hanging = 0;

  @Get(':id')
  show(@Req() { id, trace, correlationId }: FastifyRequest) {
    return { id, trace, correlationId };
  }

  @Get(':id/refused')
  refuse(@Req() request: FastifyRequest) {
    request.user = { subject: `eve${EVIL}`, roles: [] };
    throw new ServiceError('STATE_NOT_FOUND', `no such thing${EVIL}`);
  }

  @Get(':id/talks')
  talk(@Req() { log }: FastifyRequest) {
    log.debug('not at this level');
    log.error({ thing: 1 }, 'something to say');
    log.child({ deeper: true }).warn('more');
  }

  @Get(':id/broken')
  fail() {
    throw new Error('relation "things" is gone');
  }

  @Get(':id/shed')
  shed() {
    throw new ServiceError('SERVICE_UNAVAILABLE', 'too much', { shed: 'append_queue' });
  }

  @Get(':id/endless')
  hang() {
    ThingsController.hanging += 1;
    return new Promise<never>(() => undefined);
  }
}

@Catch()
class ErrorFilter implements ExceptionFilter {
  catch(exception: Error, host: ArgumentsHost) {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const known = exception instanceof ServiceError;
    reply.request.refusal = known
      ? { error: exception.error, message: exception.message, shed: exception.details?.shed as string | undefined }
      : { error: 'INTERNAL_ERROR', message: 'unexpected', cause: exception };
    const status = exception instanceof HttpException ? exception.getStatus() : HttpStatus.INTERNAL_SERVER_ERROR;
    void reply.status(known ? exception.status : status).send({ error: reply.request.refusal.error });
  }
}

@Module({ imports: [ObservabilityModule], controllers: [ThingsController] })
class AppModule {}

type LogRecord = Record<string, unknown>;

class TestService {
  static async start(level: LogLevelName = 'info'): Promise<TestService> {
    const lines: string[] = [];
    const logger = { ...loggerOptions(level), stream: { write: (line: string) => void lines.push(line) } };
    const logController = new LogController({ disableRequestLogging: true });
    const adapter = new FastifyAdapter({ logger, logController, forceCloseConnections: true });
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
      logger: new FastifyNestLogger(adapter.getInstance().log),
    });
    app.setGlobalPrefix('api/v1', { exclude: METRICS_ROOT_PATHS });
    app.useGlobalFilters(new ErrorFilter());
    const watch = observeHttp(app.getHttpAdapter().getInstance(), app.get(Metrics));
    app.getHttpServer().prependListener('request', watch.begin);
    await app.listen(0, '127.0.0.1');
    return new TestService(app, lines, watch);
  }

  private constructor(readonly app: NestFastifyApplication, readonly lines: string[], readonly watch: HttpWatch) {}

  get port(): number {
    return (this.app.getHttpServer().address() as AddressInfo).port;
  }

  get metrics(): Promise<string> {
    return this.app.get(Metrics).render();
  }

  fetch(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { connection: 'close', ...headers } });
  }

  /** What the server answers to these very bytes. */
  async send(bytes: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => { answer += chunk.toString('latin1'); });
    socket.write(Buffer.from(bytes, 'latin1'));
    await once(socket, 'close');
    return answer;
  }

  /** The records about requests, once there are as many. */
  records(count: number): Promise<LogRecord[]> {
    return eventually(() => {
      const records = this.lines.map((line) => JSON.parse(line) as LogRecord).filter((record) => 'status' in record);
      expect(records).toHaveLength(count);
      return records;
    });
  }
}

describe('observeHttp', () => {
  let service: TestService;
  const start = async (level?: LogLevelName) => {
    service = await TestService.start(level);
    return service;
  };
  afterEach(() => service.app.close());

  it('serves the metrics as Prometheus text at the root', async () => {
    const response = await (await start()).fetch('/metrics');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toContain('gss_nodejs_eventloop_lag_seconds');
    expect((await service.fetch('/api/v1/metrics')).status).toBe(404);
  });

  it('measures by route pattern, and everything unknown as one', async () => {
    await start();
    for (const id of ['one', 'two', 'three']) await service.fetch(`/api/v1/things/${id}?secret=${id}`);
    await service.fetch('/api/v1/things/one/refused');
    await service.fetch('/nowhere/1');
    await service.fetch('/nowhere/2');
    await service.fetch('/api/v1/things/');
    await eventually(async () => {
      const text = await service.metrics;
      expect(text).toContain('gss_http_request_duration_seconds_count{method="GET",route="unknown",status="404"} 3');
      expect(text).toContain('_count{method="GET",route="/api/v1/things/:id/refused",status="404"} 1');
      expect(text).toContain('_count{method="GET",route="/api/v1/things/:id",status="200"} 3');
      expect(text).not.toMatch(/secret|nowhere/);
    });
  });

  it('keeps a sane request id, else makes one, and echoes it whatever the answer', async () => {
    await start();
    const idOf = async (path: string, given?: string) => {
      const response = await service.fetch(path, given === undefined ? {} : { 'x-request-id': given });
      return response.headers.get('x-request-id');
    };
    expect(await idOf('/api/v1/things/1', 'abc-123')).toBe('abc-123');
    expect(await idOf('/nowhere', 'abc-124')).toBe('abc-124');
    expect(await idOf('/api/v1/things/1/broken', 'abc-125')).toBe('abc-125');
    expect(await idOf('/api/v1/things/1', '~'.repeat(128))).toBe('~'.repeat(128));
    for (const bad of ['~'.repeat(129), 'two words', 'caf\u00e9', '']) {
      expect(await idOf('/api/v1/things/1', bad)).toMatch(UUID);
    }
    expect(await idOf('/api/v1/things/1')).toMatch(UUID);
  });

  it('tells handlers the request id, the trace and the correlation id', async () => {
    await start();
    const correlation = '0F8FAD5B-D9CB-469F-A165-70867728950E';
    const seen = async (headers: Record<string, string>) => (await service.fetch('/api/v1/things/1', headers)).json();
    expect(await seen({ traceparent: TRACEPARENT, 'x-correlation-id': correlation, 'x-request-id': 'r1' })).toEqual({
      id: 'r1',
      trace: { traceId: TRACEPARENT.slice(3, 35), parentSpanId: TRACEPARENT.slice(36, 52), sampled: true },
      correlationId: correlation.toLowerCase(),
    });
    const odd = { traceparent: `${TRACEPARENT}x`, 'x-correlation-id': 'order-7', 'x-request-id': 'r2' };
    expect(await seen(odd)).toEqual({ id: 'r2' });
  });

  it('logs a refusal once, with all that is known', async () => {
    await start();
    const correlation = '0f8fad5b-d9cb-469f-a165-70867728950e';
    await service.fetch('/api/v1/things/7/refused?x=1', {
      traceparent: TRACEPARENT, 'x-correlation-id': correlation, 'x-request-id': 'r1',
    });
    const [record] = await service.records(1);
    expect(record).toMatchObject({
      level: 'warn', msg: 'request refused', method: 'GET', url: '/api/v1/things/7/refused?x=1',
      route: '/api/v1/things/:id/refused', status: 404, error: 'STATE_NOT_FOUND', durationMs: expect.any(Number),
      requestId: 'r1', traceId: TRACEPARENT.slice(3, 35), correlationId: correlation,
    });
    expect(record).not.toHaveProperty('reqId');
  });

  it('logs a failure once, as an error with its cause', async () => {
    await start();
    await service.fetch('/api/v1/things/7/broken');
    const [record] = await service.records(1);
    expect(record).toMatchObject({
      level: 'error', msg: 'request failed', status: 500, error: 'INTERNAL_ERROR', reason: 'unexpected',
      err: { message: 'relation "things" is gone', stack: expect.stringContaining('observe-http') },
    });
  });

  it('logs ten shed requests a second, and counts the others in one record', async () => {
    await start();
    await Promise.all(Array.from({ length: 60 }, () => service.fetch('/api/v1/things/1/shed')));
    const about = (msg: string) => service.lines.map((line) => JSON.parse(line) as LogRecord).filter((record) => record.msg === msg);
    const counted = () => about('more requests shed')
      .reduce((sum, { notLogged }) => sum + (notLogged as Record<string, number>)['append_queue']!, 0);
    // On a slow machine the sixty take more than one second; none is lost for that.
    await eventually(() => expect(about('request failed').length + counted()).toBe(60));
    expect(counted()).toBeGreaterThan(0);
    expect(about('request failed')[0]).toMatchObject({ status: 503, error: 'SERVICE_UNAVAILABLE', reason: 'too much' });
    expect(about('request failed').length).toBeGreaterThanOrEqual(10);
  });

  it('says nothing of a success, except at debug', async () => {
    await start('info');
    await service.fetch('/api/v1/things/1');
    await service.fetch('/nowhere');
    expect(await service.records(1)).toMatchObject([{ status: 404 }]);
    await service.app.close();
    await start('debug');
    await service.fetch('/api/v1/things/1');
    expect(await service.records(1)).toMatchObject([{ level: 'debug', status: 200, route: '/api/v1/things/:id' }]);
  });

  it('cuts a long URL', async () => {
    await start();
    await service.fetch(`/nowhere?${'x'.repeat(5000)}`);
    const [record] = await service.records(1);
    expect(record?.url).toBe(`/nowhere?${'x'.repeat(191)}…`);
  });

  it('cannot be made to split or fake a line', async () => {
    await start();
    await service.send('GET /%0d%0a%1b[2K%e2%80%a8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
      + 'X-Request-Id: \x85\x9b2K\xe2\x80\xa8\r\nX-Correlation-Id: \x9b\r\nTraceparent: \x85\r\n\r\n');
    await service.fetch('/api/v1/things/7/refused');
    const [first, second] = await service.records(2);
    for (const line of service.lines) expect(line).toMatch(ONE_LINE);
    expect(first).toMatchObject({ status: 404, requestId: expect.stringMatching(UUID), url: '/%0d%0a%1b[2K%e2%80%a8' });
    const seen = '\\u000d\\u000a\\u001b[2K{"level":"info","msg":"all is well"}\\u2028';
    expect(second).toMatchObject({ subject: `eve${seen}`, reason: `no such thing${seen}` });
  });

  it('logs and measures what is refused before routing', async () => {
    await start();
    expect((await service.fetch('/api/v1/things/%zz', { 'x-request-id': 'r1' })).status).toBe(400);
    expect((await service.fetch(`/api/v1/things/${'x'.repeat(101)}`)).status).toBe(414);
    const records = await service.records(2);
    expect(records[0]).toMatchObject({ level: 'warn', status: 400, url: '/api/v1/things/%zz', requestId: 'r1' });
    expect(records[1]).toMatchObject({ level: 'warn', status: 414 });
    expect(await service.metrics).toContain('_count{method="GET",route="unknown",status="414"} 1');
  });

  it('logs what is no HTTP, once', async () => {
    await start();
    expect(await service.send('GET /\x85\x1b[2K HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await service.send('\x16\x03\x01\x1b[2K\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await service.send(`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
    const records = service.lines.map((line) => JSON.parse(line) as LogRecord);
    const dropped = records.filter(({ msg }) => msg === 'connection dropped');
    expect(dropped).toMatchObject([
      { level: 'warn', code: 'HPE_INVALID_URL', remoteAddress: '127.0.0.1' },
      { level: 'warn', code: 'HPE_INVALID_METHOD', remoteAddress: '127.0.0.1' },
      { level: 'warn', code: 'HPE_HEADER_OVERFLOW', remoteAddress: '127.0.0.1' },
    ]);
    for (const line of service.lines) expect(line).toMatch(ONE_LINE);
  });

  it('counts a client that left before its answer, and does not call that a refusal', async () => {
    await start('debug');
    const { hanging } = ThingsController;
    const socket = connect(service.port, '127.0.0.1');
    socket.write('GET /api/v1/things/1/endless HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => expect(ThingsController.hanging).toBe(hanging + 1));
    expect(await service.metrics).toContain('gss_http_open_connections 1');
    socket.destroy();
    const [record] = await service.records(1);
    expect(record).toMatchObject({ level: 'debug', msg: 'client left', status: 499 });
    expect(await service.metrics).toContain('_count{method="GET",route="/api/v1/things/:id/endless",status="499"} 1');
  });

  it('lends each request a logger that names it', async () => {
    await start();
    await service.send('GET /api/v1/things/1/talks HTTP/1.1\r\nHost: x\r\nX-Request-Id: r-1\r\nConnection: close\r\n\r\n');
    const said = () => service.lines.map((line) => JSON.parse(line) as LogRecord).filter(({ reqId }) => reqId === 'r-1');
    await eventually(() => expect(said()).toHaveLength(2));
    expect(said()).toMatchObject([
      { level: 'error', msg: 'something to say', thing: 1, reqId: 'r-1' },
      { level: 'warn', msg: 'more', deeper: true, reqId: 'r-1' },
    ]);
  });

  it('counts open sockets', async () => {
    await start();
    const open = () => service.app.getHttpAdapter().getInstance().openConnections();
    expect(open()).toBe(0);
    const sockets = await Promise.all([1, 2, 3].map(async () => {
      const socket = connect(service.port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }));
    await eventually(() => expect(open()).toBe(3));
    expect(await service.metrics).toContain('gss_http_open_connections 3');
    sockets[0]!.destroy();
    await eventually(() => expect(open()).toBe(2));
    for (const socket of sockets) socket.destroy();
    await eventually(() => expect(open()).toBe(0));
  });

  it('counts the sockets of a second server too', async () => {
    const fastify = (await start()).app.getHttpAdapter().getInstance();
    const second = createServer((request, response) => {
      service.watch.begin(request, response);
      fastify.routing(request, response);
    }).listen(0, '127.0.0.1');
    second.on('connection', service.watch.opened);
    await once(second, 'listening');
    const { port } = second.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /api/v1/things/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => expect(fastify.openConnections()).toBe(1));
    await eventually(async () => expect(await service.metrics).toContain('route="/api/v1/things/:id",status="200"} 1'));
    socket.destroy();
    await eventually(() => expect(fastify.openConnections()).toBe(0));
    second.close();
  });

  it('counts a request once, also on a connection that stays open', async () => {
    await start();
    const request = 'GET /api/v1/things/1 HTTP/1.1\r\nHost: x\r\n\r\n';
    await service.send(request + request + request.replace('Host', 'Connection: close\r\nHost'));
    await eventually(async () => {
      expect(await service.metrics).toContain('_count{method="GET",route="/api/v1/things/:id",status="200"} 3');
    });
  });

  it('turns the lines of Nest into records, and hides the chatter of its start', async () => {
    await start('debug');
    const records = service.lines.map((line) => JSON.parse(line) as LogRecord);
    expect(records).toEqual(expect.arrayContaining([
      expect.objectContaining({ level: 'debug', context: 'RouterExplorer', msg: 'Mapped {/metrics, GET} route' }),
    ]));
    expect(records.filter(({ context, level }) => context !== undefined && level !== 'debug')).toEqual([]);
  });
});
