import { ServiceError, toPointer } from '@app/kernel';
import type { z } from 'zod';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

const MAX_ISSUES = 20;

/** The 400 for what a schema found, each issue with the JSON Pointer of its place. */
export function validationError(issues: readonly Issue[]): ServiceError {
  const found = issues.slice(0, MAX_ISSUES).map(({ path = [], message }) => ({
    path: toPointer(path.map((part) => String(typeof part === 'object' ? part.key : part))), message,
  }));
  const first = found[0];
  return new ServiceError('VALIDATION_ERROR', first ? `${first.path || 'request'}: ${first.message}` : 'the request is malformed', {
    issues: found,
  });
}

/** @throws ServiceError VALIDATION_ERROR for a value that the schema does not take */
export function valid<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw validationError(parsed.error.issues);
  return parsed.data;
}
