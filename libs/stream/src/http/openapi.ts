import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly success: { readonly status: number; readonly schema?: string; readonly content?: string; readonly description: string };
  readonly errors: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Describes a route of this lib for OpenAPI. */
export function Describe({ id, summary, description, success, errors, headers = {} }: Operation): MethodDecorator {
  const { status, schema, content } = success;
  return applyDecorators(
    ApiOperation({ operationId: id, summary, description }),
    ...Object.entries(headers).map(([name, text]) => ApiHeader({ name, description: text, required: false })),
    ApiResponse({
      status, description: success.description,
      ...(schema && { schema: ref(schema) }), ...(content && { content: { [content]: { schema: { type: 'string' } } } }),
    }),
    ...[...new Set([...errors, 401, 429, 503])].sort((a, b) => a - b).map((error) =>
      ApiResponse({ status: error, description: MEANING[error]!, schema: ref('Error') })),
  );
}

const MEANING: Readonly<Record<number, string>> = {
  400: 'The request is malformed', 401: 'No valid token or ticket', 403: 'The token does not allow it',
  429: 'Too many requests or connections: see Retry-After', 503: 'Not now: see Retry-After',
};

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
