import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly success: { readonly status: number; readonly schema?: string; readonly description: string };
  readonly errors: readonly number[];
}

/** Describes a route of this lib for OpenAPI. */
export function Describe({ id, summary, description, success, errors }: Operation): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId: id, summary, description }),
    ApiResponse({
      status: success.status, description: success.description,
      ...(success.schema ? { schema: ref(success.schema) } : {}),
    }),
    ...[...errors, 401, 403, 429, 503].map((status) =>
      ApiResponse({ status, description: MEANING[status]!, schema: ref('Error') })),
  );
}

const MEANING: Readonly<Record<number, string>> = {
  400: 'The request is malformed', 401: 'No valid token', 403: 'The token does not allow it',
  404: 'There is no such revocation', 413: 'The body is too large', 415: 'The content type is another one',
  422: 'There are too many revocations', 429: 'Too many requests: see Retry-After', 503: 'Not now: see Retry-After',
};

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
