export { observeHttp, type Refusal } from './http/observe-http.js';
export { parseTraceparent, type Trace } from './http/trace-context.js';
export { FastifyNestLogger } from './log/fastify-nest-logger.js';
export { LOG_LEVELS, loggerOptions, type LoggerOptions, type LogLevelName } from './log/logger-options.js';
export { excerpt, printable } from './log/printable.js';
export { APPEND_VERDICTS, type AppendVerdictLabel, Metrics, type RequestMeasure } from './metrics.js';
export { METRICS_ROOT_PATHS } from './metrics.controller.js';
export { ObservabilityModule } from './observability.module.js';
