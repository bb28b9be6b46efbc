import { Access } from '@app/auth';
import { EventStore, type ProjectionStatus } from '@app/event-store';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Describe } from './openapi.js';
import { NoQuery, type ProjectionBody } from './schemas.js';

/** Who has work and did not move for so long stands still, whatever instance it runs on. In seconds. */
const UNMOVED_LIMIT_S = 60;

@ApiTags('operations')
@ApiBearerAuth()
@Access('operate')
@Controller('projections')
export class ProjectionsController {
  constructor(private readonly events: EventStore) {}

  @Get()
  @Describe({
    id: 'getProjections', summary: 'How far each projection of the log is, and why one stands still', schema: 'ProjectionList',
  })
  async list(@Query({ schema: NoQuery }) _query: object): Promise<{ projections: ProjectionBody[] }> {
    return { projections: (await this.events.projections.status()).map(bodyOf) };
  }
}

function bodyOf({ name, partition, position, head, lagSeconds, unmovedSeconds, checked, found, parked, stall }: ProjectionStatus): ProjectionBody {
  const lag = { events: Math.max(0, head - position), seconds: lagSeconds };
  return {
    name, partition, position, head, lag, gaps: { checked, found, dense: checked === found }, unmovedSeconds, parked,
    stalled: stall !== undefined || Math.min(lagSeconds, unmovedSeconds) > UNMOVED_LIMIT_S,
    ...(stall && { stall: { ...stall, since: stall.since.toISOString() } }),
  };
}
