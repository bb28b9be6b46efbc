import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { AUDIT_OPTIONS, type AuditOptions } from './audit-options.js';
import { AuditLog } from './audit-log.js';
import { AuditReader } from './audit-reader.js';
import { AuditController } from './http/audit.controller.js';
import { RequestAudit } from './http/request-audit.js';

/**
 * The audit log: who did or tried what. The application hands `RequestAudit` its server and its guard, and what else refuses
 * somebody.
 */
@Module({})
export class AuditModule {
  static register({ inject, useFactory }: Pick<FactoryProvider<AuditOptions>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: AuditModule,
      global: true,
      controllers: [AuditController],
      providers: [{ provide: AUDIT_OPTIONS, inject, useFactory }, AuditLog, AuditReader, RequestAudit],
      exports: [AuditLog, RequestAudit],
    };
  }
}
