import type { StreamFigures } from '@app/stream';
import type { Metrics } from '@app/observability';

/** Binds what the streams count to the metrics of the service; read when somebody scrapes. */
export function tellOfStreams(metrics: Metrics, figures: StreamFigures): void {
  metrics.gauge('stream_connections', 'Open streams, WebSocket and Server-Sent Events.', () => figures.connections);
  metrics.gauge('stream_subscriptions', 'Subscriptions of those.', () => figures.subscriptions);
  metrics.gauge('stream_queued_bytes', 'What waits for clients that do not keep up.', () => figures.queuedBytes);
  metrics.tally('stream_messages_total', 'Messages sent.', () => figures.messages);
  metrics.tally('stream_bytes_total', 'Characters of those messages.', () => figures.bytes);
  metrics.tally('stream_coalesced_total', 'States that gave way to a newer one before they were sent.', () => figures.coalesced);
  metrics.tally('stream_resyncs_total', 'Subscriptions that were cut because the client did not keep up.', () => figures.resyncs);
  metrics.tally('stream_closes_total', 'Streams that ended, by closing code.', () => Object.fromEntries(figures.closes), 'code');
  metrics.distribution('stream_fan_out_seconds', 'From commit to the write to the sockets.', () => [figures.fanOut]);
}
