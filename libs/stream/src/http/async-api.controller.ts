import { Public } from '@app/auth';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { STREAM_PORTS, type StreamPorts } from '../ports.js';
import { describeStreams } from '../protocol/asyncapi.js';

/** The description of the streams, without a token, as that of the routes. */
@ApiExcludeController()
@Public()
@Controller('asyncapi.json')
export class AsyncApiController {
  constructor(@Inject(STREAM_PORTS) private readonly ports: Pick<StreamPorts, 'version'>) {}

  @Get()
  document(): object {
    return describeStreams(this.ports.version);
  }
}
