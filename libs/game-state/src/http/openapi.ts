import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { AGGREGATE_TYPES } from '../domain/definition.js';
import * as schemas from './schemas.js';

type JsonSchema = Record<string, unknown>;

const COMPONENTS = [
  schemas.ErrorBody, schemas.GameEventBody, schemas.AggregateStateBody, schemas.StateUpdateRequest, schemas.StatePatch,
  schemas.StateUpdateBody, schemas.EventPublishRequest, schemas.EventPublishBody, schemas.EventBatchRequest,
  schemas.EventBatchBody, schemas.EventHistoryBody,
];

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function openApiSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const schema of COMPONENTS) registry.add(schema, { id: z.globalRegistry.get(schema)!.id! });
  const { schemas: made } = z.toJSONSchema(registry, {
    target: 'openapi-3.0', io: 'input', unrepresentable: 'any', uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(Object.entries(made).map(([id, schema]) => {
    const { $id: _id, $schema: _schema, id: _name, ...rest } = schema as JsonSchema;
    return [id, rest];
  }));
}

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly success: { readonly status: number; readonly schema?: string; readonly description: string };
  readonly errors: readonly number[];
  readonly body?: { readonly schema: string; readonly contentType?: string };
  readonly query?: z.ZodObject;
  readonly aggregate?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Describes a route: the one decorator of OpenAPI that a controller needs. */
export function Describe(operation: Operation): MethodDecorator {
  const { success, body, headers = {} } = operation;
  return applyDecorators(
    ApiOperation({ operationId: operation.id, summary: operation.summary, description: operation.description }),
    ...(operation.aggregate ? aggregateParams() : []),
    ...queryParams(operation.query),
    ...Object.entries(headers).map(([name, description]) => ApiHeader({ name, description, required: false })),
    ...(body ? [ApiBody({ schema: ref(body.schema), required: true })] : []),
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

function aggregateParams(): MethodDecorator[] {
  return [
    ApiParam({ name: 'aggregateType', enum: AGGREGATE_TYPES, schema: { type: 'string', enum: [...AGGREGATE_TYPES] } }),
    ApiParam({ name: 'aggregateId', schema: { type: 'string', format: 'uuid' } }),
  ];
}

function queryParams(query: z.ZodObject | undefined): MethodDecorator[] {
  if (!query) return [];
  const { properties = {} } = z.toJSONSchema(query, { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => {
    const { pattern: _text, ...rest } = schema as JsonSchema;
    return ApiQuery({ name, required: false, schema: rest });
  });
}
