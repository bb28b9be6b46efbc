import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import * as schemas from './schemas.js';

type JsonSchema = Record<string, unknown>;

const COMPONENTS = [
  schemas.ErrorBody, schemas.GameEventBody, schemas.AggregateStateBody, schemas.StateUpdateRequest, schemas.StatePatch,
  schemas.StateUpdateBody, schemas.EventPublishRequest, schemas.EventPublishBody, schemas.EventBatchRequest,
  schemas.EventBatchBody, schemas.EventHistoryBody,
];

const RULES = { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' } as const;

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function openApiSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const schema of COMPONENTS) registry.add(schema, { id: nameOf(schema)! });
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
  readonly success: { readonly status: number; readonly schema?: string; readonly description: string };
  readonly errors: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Describes a route: the one decorator of OpenAPI that a controller needs. */
export function Describe(operation: Operation): MethodDecorator {
  const { success, headers = {} } = operation;
  return applyDecorators(
    ApiOperation({ operationId: operation.id, summary: operation.summary, description: operation.description }),
    ...Object.entries(headers).map(([name, description]) => ApiHeader({ name, description, required: false })),
    ApiResponse({
      status: success.status, description: success.description,
      ...(success.schema ? { schema: ref(success.schema) } : {}),
    }),
    ...[...operation.errors, 401, 403, 429, 503].map((status) =>
      ApiResponse({ status, description: MEANING[status]!, schema: ref('Error') })),
  );
}

const MEANING: Readonly<Record<number, string>> = {
  400: 'The request is malformed', 401: 'No valid token', 403: 'The token does not allow it', 404: 'There is no such state',
  409: 'The version is another one', 412: 'If-Match misses', 413: 'The body is too large',
  415: 'The content type is another one', 422: 'It cannot be applied, or breaks a rule, or a key was used for something else',
  429: 'Too many requests: see Retry-After', 503: 'Not now: see Retry-After',
};

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
