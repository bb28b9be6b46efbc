export { operationOpenApiSchemas } from './http/schemas.js';
export {
  type Operation, type OperationContext, type OperationKind, type OperationOutcome, type OperationStatus, OperationStopped, type StopReason,
} from './operation.js';
export { type OperationRequest, Operations, type OperationsOptions } from './operations.js';
export { OperationsModule } from './operations.module.js';
export { operationTexts } from './http/operation-body.js';
export type { OperationFigures } from './runner.js';
