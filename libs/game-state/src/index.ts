export type { AggregateDefinition } from './domain/definition.js';
export { DEFINITIONS } from './domain/definitions/index.js';
export { GameStateModule } from './game-state.module.js';
export { openApiSchemas, toOpenApi } from './http/openapi.js';
export { validationError } from './http/validation.js';
