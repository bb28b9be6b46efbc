import { ServiceError } from '@app/kernel';
import {
  type ArgumentsHost, Catch, Controller, type ExceptionFilter, Get, Module, Param, Post, Put,
} from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { Access, AuthModule, type AuthOptions, CurrentPrincipal, type Principal, Public } from './index.js';

// No tests: an app for the specs beside it. It ends in .spec.ts so that the build leaves it out.

@Controller()
class ProbeController {
  @Public()
  @Get('open')
  open() {
    return { open: true };
  }

  @Get('closed')
  closed() {
    return { closed: false };
  }

  @Access('read')
  @Get('me')
  me(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @Access('operate')
  @Post('operations')
  operate() {
    return { done: true };
  }

  @Access('read')
  @Get('state/:aggregateType/:aggregateId')
  read(@Param('aggregateType') aggregateType: string) {
    return { aggregateType };
  }

  @Access('write')
  @Put('state/:aggregateType/:aggregateId')
  write() {
    return { done: true };
  }
}

/** All of its routes are open but the one that says otherwise. */
@Public()
@Controller('lobby')
class LobbyController {
  @Get('news')
  news() {
    return { open: true };
  }

  @Access('operate')
  @Get('keys')
  keys() {
    return { done: true };
  }
}

@Catch()
class ProbeFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost) {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (!(exception instanceof ServiceError)) return reply.status(500).send({ error: String(exception) });
    if (exception.retryAfterSeconds !== undefined) reply.header('Retry-After', exception.retryAfterSeconds);
    const { error, message, details } = exception;
    return reply.status(exception.status).send({ error, message, details });
  }
}

const AUTH = Symbol('auth options');

@Module({})
class ProbeConfigModule {
  static of(options: AuthOptions) {
    return { module: ProbeConfigModule, providers: [{ provide: AUTH, useValue: options }], exports: [AUTH] };
  }
}

/** What the probe answered. */
export interface Answer {
  status: number;
  headers: Headers;
  body: { error?: string; message?: string; details?: unknown; [key: string]: unknown };
}

export interface Probe {
  /** Sends the token in an `Authorization` header, or that header as it is if it is given. */
  ask(path: string, token?: string, more?: { method?: string; authorization?: string }): Promise<Answer>;
  close(): Promise<void>;
}

/** A real service on a free port, with the module given its options by injection, as app.module.ts does it. */
export async function startProbe(options: AuthOptions): Promise<Probe> {
  const config = ProbeConfigModule.of(options);
  const auth = AuthModule.registerAsync({ imports: [config], inject: [AUTH], useFactory: (o: AuthOptions) => o });
  const probe = {
    module: class ProbeModule {},
    imports: [auth],
    controllers: [ProbeController, LobbyController],
    providers: [{ provide: APP_FILTER, useClass: ProbeFilter }],
  };
  const app = await NestFactory.create<NestFastifyApplication>(probe, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    ask: async (path, token, { method = 'GET', authorization = token && `Bearer ${token}` } = {}) => {
      const answer = await fetch(url + path, { method, headers: authorization ? { authorization } : {} });
      return { status: answer.status, headers: answer.headers, body: await answer.json() as Answer['body'] };
    },
    close: () => app.close(),
  };
}
