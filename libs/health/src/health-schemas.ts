import type { SchemaObject } from '@nestjs/swagger';

const CHECKS: SchemaObject = {
  type: 'object',
  description: 'Each check by name; only with `verbose`.',
  additionalProperties: {
    type: 'object',
    required: ['status', 'latencyMs'],
    properties: {
      status: { type: 'string', enum: ['up', 'degraded', 'down'] },
      latencyMs: { type: 'number', minimum: 0, description: 'How long the answer took, or has been waited for.' },
      message: { type: 'string' },
    },
  },
};

const TIMESTAMP: SchemaObject = { type: 'string', format: 'date-time' };

/** `HealthResponse` of the contract, as an OpenAPI 3.0 schema. */
export const HEALTH_RESPONSE_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['status', 'version', 'uptime', 'timestamp', 'activeConnections'],
  properties: {
    status: { type: 'string', enum: ['healthy', 'degraded', 'starting', 'draining'] },
    version: { type: 'string' },
    uptime: { type: 'integer', minimum: 0, description: 'Seconds since the process began.' },
    timestamp: TIMESTAMP,
    activeConnections: { type: 'integer', minimum: 0, description: 'Open sockets, HTTP and WebSocket.' },
    cacheHitRate: { type: 'number', minimum: 0, maximum: 1, description: 'Absent until a cache has been read.' },
    checks: CHECKS,
  },
};

/** The answer of a probe that passes, as an OpenAPI 3.0 schema. */
export const PROBE_RESPONSE_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['status', 'timestamp'],
  properties: { status: { type: 'string', enum: ['ok', 'degraded'] }, timestamp: TIMESTAMP, checks: CHECKS },
};
