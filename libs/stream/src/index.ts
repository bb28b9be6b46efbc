export { StreamFigures } from './engine/figures.js';
export { streamOpenApiSchemas } from './http/schemas.js';
export type { LiveLog, LiveOperations, OperationText, States, StateText, StreamPorts, StreamRefusal } from './ports.js';
export { type StreamBinding, StreamModule } from './stream.module.js';
export { StreamAdapter } from './ws/stream.adapter.js';
export { describeStreams } from './protocol/asyncapi.js';
