import { Access, authorize, CurrentPrincipal, type Principal } from '@app/auth';
import { ServiceError } from '@app/kernel';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AuditReader } from '../audit-reader.js';
import type { AuditEntry } from '../entry.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { Describe } from './openapi.js';
import { AuditQuery } from './schemas.js';

const DEFAULT_LIMIT = 100;
const DEFAULT_RANGE_MS = 24 * 3_600_000;

@ApiTags('operations')
@ApiBearerAuth()
@Access('operate')
@Controller('audit')
export class AuditController {
  constructor(private readonly reader: AuditReader) {}

  @Get()
  @Describe({
    id: 'getAudit', summary: 'Who did or tried what, newest first', schema: 'AuditList',
    description: 'Accepted commands are the events of the log; beside them stands what left no event: refusals, failed logins and what operators changed. '
      + 'Refusals are there after about a quarter of a second. Reads are not audited.',
  })
  async list(
    @Query({ schema: AuditQuery }) { from, to, limit = DEFAULT_LIMIT, cursor, ...filter }: z.output<typeof AuditQuery>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ entries: readonly AuditEntry[]; hasMore: boolean }> {
    const { aggregateType } = filter;
    if (aggregateType === undefined && principal.aggregateTypes) {
      throw new ServiceError('FORBIDDEN', `this token is limited to the aggregate types ${principal.aggregateTypes.join(', ')}: ask for one`);
    }
    if (aggregateType !== undefined) authorize(principal, 'operate', { aggregateType });
    const bounds = cursor === undefined
      ? await this.reader.bounds(from ?? new Date((to?.getTime() ?? Date.now()) - DEFAULT_RANGE_MS), to) : decodeCursor(cursor);
    const { entries, next } = await this.reader.read(filter, bounds, limit);
    if (next) void reply.header('link', nextLink(request.url, encodeCursor(next)));
    return { entries, hasMore: next !== undefined };
  }
}

function nextLink(url: string, cursor: string): string {
  const [path, query] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}
