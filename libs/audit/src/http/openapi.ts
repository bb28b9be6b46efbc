import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly schema: string;
}

/** Describes a route of this lib for OpenAPI: all are reads. */
export function Describe({ id, summary, description, schema }: Operation): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId: id, summary, description }),
    ApiResponse({ status: 200, description: 'A page; the header Link leads to the next one', schema: ref(schema) }),
    ...Object.entries(MEANING).map(([status, meaning]) =>
      ApiResponse({ status: Number(status), description: meaning, schema: ref('Error') })),
  );
}

const MEANING: Readonly<Record<number, string>> = {
  400: 'The request is malformed, or the search takes too long', 401: 'No valid token', 403: 'The token does not allow it',
  429: 'Too many requests: see Retry-After', 503: 'Not now: see Retry-After',
};

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
