import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import * as schemas from './schemas.js';

type JsonSchema = Record<string, unknown>;

const COMPONENTS = [
  schemas.ErrorBody, schemas.GameEventBody, schemas.AggregateStateBody, schemas.StateUpdateRequest, schemas.StatePatch,
  schemas.StateUpdateBody, schemas.TransactionRequest, schemas.TransactionBody, schemas.EventPublishRequest, schemas.EventPublishBody, schemas.EventBatchRequest,
  schemas.EventBatchBody, schemas.EventLineBody, schemas.EventHistoryBody,
];

const RULES = { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' } as const;

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function openApiSchemas(): Record<string, JsonSchema> {
  return componentsOf(COMPONENTS);
}

/** Schemas that have an `id`, as components that refer to each other by it. */
export function componentsOf(components: readonly z.ZodType[]): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const schema of components) registry.add(schema, { id: nameOf(schema)! });
  const { schemas: made } = z.toJSONSchema(registry, { ...RULES, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(made).map(([id, schema]) => [id, bare(schema as JsonSchema)]));
}

/** How Nest's document builder turns the schema of a parameter or body into OpenAPI. */
export function toOpenApi(schema: unknown): { schema: JsonSchema } | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const name = nameOf(schema);
  return { schema: name === undefined ? bare(z.toJSONSchema(schema, RULES) as JsonSchema) : ref(name) };
}

function nameOf(schema: z.ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.id;
}

/** Without what belongs to JSON Schema alone, and without the words in which a query spells numbers and flags. */
function bare(schema: JsonSchema): JsonSchema {
  const { $id: _id, $schema: _schema, id: _name, ...rest } = schema;
  const properties = rest['properties'] as Record<string, JsonSchema> | undefined;
  for (const property of Object.values(properties ?? {})) {
    if (property['type'] === 'integer') delete property['pattern'];
    if (property['type'] === 'boolean') delete property['enum'];
  }
  return rest;
}

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Schemas by content type, where a route takes more than what its parameters say. */
  readonly body?: Readonly<Record<string, string>>;
  readonly success: {
    readonly status: number; readonly schema?: string; readonly content?: Readonly<Record<string, string>>;
    readonly description: string;
  };
  readonly errors: readonly number[];
  /** What an error means on this route, where the usual words do not fit. */
  readonly meaning?: Readonly<Record<number, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Describes a route: the one decorator of OpenAPI that a controller needs. */
export function Describe(operation: Operation): MethodDecorator {
  const { success, body, headers = {}, meaning = {} } = operation;
  return applyDecorators(
    ApiOperation({
      operationId: operation.id, summary: operation.summary, description: operation.description,
      ...(body ? { requestBody: { required: true, content: contentOf(body) } } : {}),
    }),
    ...Object.entries(headers).map(([name, description]) => ApiHeader({ name, description, required: false })),
    ApiResponse({
      status: success.status, description: success.description,
      ...(success.schema ? { schema: ref(success.schema) } : {}),
      ...(success.content ? { content: contentOf(success.content) } : {}),
    }),
    ...[...operation.errors, 401, 403, 429, 503].map((status) =>
      ApiResponse({ status, description: meaning[status] ?? MEANING[status]!, schema: ref('Error') })),
  );
}

const MEANING: Readonly<Record<number, string>> = {
  400: 'The request is malformed', 401: 'No valid token', 403: 'The token does not allow it', 404: 'There is no such state',
  409: 'The version is another one', 412: 'If-Match misses', 413: 'The body is too large',
  415: 'The content type is another one', 422: 'It cannot be applied, or breaks a rule, or a key was used for something else',
  429: 'Too many requests: see Retry-After', 503: 'Not now: see Retry-After',
};

function contentOf(schemas: Readonly<Record<string, string>>): Record<string, { schema: { $ref: string } }> {
  return Object.fromEntries(Object.entries(schemas).map(([type, name]) => [type, { schema: ref(name) }]));
}

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
