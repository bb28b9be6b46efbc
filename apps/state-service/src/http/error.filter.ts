import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorBody, PROBLEM_JSON, problemBody, toRefusal } from './error-body.js';

/** Every refusal leaves through here, in the one error body. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    refuse(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

/** Answers a request with what was thrown, and notes it for the log. */
export function refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = toRefusal(thrown);
  const cause = refusal.status >= 500 && refusal !== thrown ? { cause: thrown } : {};
  request.refusal = { error: refusal.error, message: refusal.message, ...cause };
  if (refusal.retryAfterSeconds !== undefined) void reply.header('retry-after', String(refusal.retryAfterSeconds));
  const asProblem = request.headers.accept?.includes(PROBLEM_JSON) ?? false;
  void reply.status(refusal.status)
    .header('content-type', `${asProblem ? PROBLEM_JSON : 'application/json'}; charset=utf-8`)
    .header('cache-control', 'no-store')
    .header('x-request-id', request.id) // what Fastify refuses before routing passes no other hook
    .send(JSON.stringify(asProblem ? problemBody(refusal) : errorBody(refusal)));
}
