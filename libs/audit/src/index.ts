export { AuditLog } from './audit-log.js';
export { AuditModule } from './audit.module.js';
export type { AuditOptions } from './audit-options.js';
export { AUDIT_KINDS, AUDIT_OUTCOMES, type AuditEntry, type AuditKind, type AuditOutcome, type AuditTarget, type Ending, type Note, type Recorded } from './entry.js';
export { RequestAudit, type StreamRefusal } from './http/request-audit.js';
export { auditOpenApiSchemas } from './http/schemas.js';
