import { TokenVerifier } from '@app/auth';
import { type DynamicModule, type FactoryProvider, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { StreamFigures } from './engine/figures.js';
import { Streams } from './engine/streams.js';
import { AsyncApiController } from './http/async-api.controller.js';
import { StreamController } from './http/stream.controller.js';
import { STREAM_PORTS, type StreamPorts } from './ports.js';
import type { TicketDatabase } from './sql/tickets.js';
import { StreamAccess } from './stream-access.js';
import { Tickets } from './tickets.js';
import { StreamGateway } from './ws/stream.gateway.js';

/** What the module is bound to. */
export interface StreamBinding extends StreamPorts {
  readonly database: TicketDatabase;
  /** Origins of pages that may open streams, beside the service's own. */
  readonly allowedOrigins: readonly string[];
}

/** The streams over WebSocket and Server-Sent Events. The application also sets `StreamAdapter` as its adapter. */
@Module({})
export class StreamModule implements BeforeApplicationShutdown {
  constructor(private readonly streams: Streams) {}

  static register({ inject, useFactory }: Pick<FactoryProvider<StreamBinding>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: StreamModule,
      controllers: [StreamController, AsyncApiController],
      providers: [
        { provide: STREAM_PORTS, inject, useFactory },
        { provide: Streams, inject: [STREAM_PORTS], useFactory: (ports: StreamPorts) => new Streams(ports) },
        { provide: StreamFigures, inject: [Streams], useFactory: ({ hub }: Streams) => hub.figures },
        { provide: Tickets, inject: [STREAM_PORTS], useFactory: ({ database }: StreamBinding) => new Tickets(database) },
        {
          provide: StreamAccess,
          inject: [TokenVerifier, Tickets, STREAM_PORTS],
          useFactory: (tokens: TokenVerifier, tickets: Tickets, { allowedOrigins }: StreamBinding) =>
            new StreamAccess(tokens, tickets, allowedOrigins),
        },
        StreamGateway,
      ],
      exports: [StreamFigures],
    };
  }

  /** Before the server waits for its connections to end. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.streams.close();
  }
}
