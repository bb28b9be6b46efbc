export { type HealthPorts, type Lifecycle } from './health-ports.js';
export { HEALTH_RESPONSE_SCHEMA, PROBE_RESPONSE_SCHEMA } from './health-schemas.js';
export type { HealthResponse } from './health.controller.js';
export { HealthModule } from './health.module.js';
export type { Check, CheckStatus, Finding, Reading } from './probe.js';
export { PROBE_ROOT_PATHS, type ProbeResponse } from './probes.controller.js';
