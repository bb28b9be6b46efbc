import type { operations } from '../generated/api.js';
import { ROUTES } from '../generated/routes.js';
import { randomId } from '../random-id.js';
import type { Answer, Transport } from './transport.js';

/** The name of an operation in the OpenAPI document. */
export type OperationId = keyof operations;

type Json<Content> = Content extends { readonly 'application/json': infer Body } ? Body
  : Content extends { readonly 'application/merge-patch+json': infer Body } ? Body
    : Content extends { readonly 'text/plain': infer Body } ? Body : never;
type Body<Id extends OperationId> = operations[Id] extends { readonly requestBody: { readonly content: infer Content } }
  ? { readonly body: Json<Content> } : { readonly body?: undefined };
type Path<Id extends OperationId> = operations[Id]['parameters'] extends { readonly path: infer Parameters }
  ? { readonly path: Parameters } : { readonly path?: undefined };
type Success<Responses> = Responses[keyof Responses & (200 | 201 | 202 | 204)];

/** What an operation takes, by its parts in the OpenAPI document. */
export type OperationInput<Id extends OperationId> = Body<Id> & Path<Id> & CallOptions & {
  readonly query?: operations[Id]['parameters']['query'];
  readonly headers?: Readonly<Record<string, string>>;
};

/** What an operation answers with; `undefined` where it answers with nothing. */
export type OperationOutput<Id extends OperationId> = Success<operations[Id]['responses']> extends { content: infer Content }
  ? Json<Content> : undefined;

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Names a write, so that sending it again has no second effect. Default: a random one, used for all its attempts. */
  readonly idempotencyKey?: string;
  /** How often it may be sent again; an operation that is neither a read nor takes a key is never sent again by default. */
  readonly retries?: number;
}

/** One operation, with the headers of its answer. */
export function callOperation<Id extends OperationId>(
  transport: Transport, id: Id, input: OperationInput<Id>,
): Promise<Answer & { body: OperationOutput<Id> }> {
  const { method, path, contentType, takesKey } = ROUTES[id];
  const { signal, headers, body, idempotencyKey = randomId() } = input;
  const repeatable = method === 'GET' || method === 'DELETE' || takesKey;
  return transport.send({
    method, signal,
    path: filled(path, input.path) + queryOf(input.query),
    body: body === undefined ? undefined : JSON.stringify(body),
    retries: input.retries ?? (repeatable ? undefined : 0),
    headers: {
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...(takesKey ? { 'idempotency-key': idempotencyKey } : {}),
      ...headers,
    },
  }) as Promise<Answer & { body: OperationOutput<Id> }>;
}

/** Any request. Only a read is sent again by default. */
export function sendTo(
  transport: Transport,
  { method, path, query, body, signal, idempotencyKey, retries }: CallOptions & { method: string; path: string; query?: object; body?: object },
): Promise<Answer> {
  return transport.send({
    method, signal, path: path + queryOf(query),
    body: body === undefined ? undefined : JSON.stringify(body),
    retries: retries ?? (method === 'GET' ? undefined : 0),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
  });
}

function filled(path: string, parameters: unknown): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String((parameters as Record<string, unknown>)[name])));
}

function queryOf(query: object | undefined): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return text && `?${text}`;
}
