import { Connection, type Surroundings } from './connection.js';
import { Subscription } from './subscription.js';
import type { WatchOptions } from './watch.js';

const IDS_IN_ANY_CASE = /^[a-z]+\/(?:session\/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The name that messages carry: the service writes UUIDs in lower case. The id of a server is any text and stays as it is. */
function canonical(channel: string): string {
  return IDS_IN_ANY_CASE.test(channel) && !channel.startsWith('server/') ? channel.toLowerCase() : channel;
}

/**
 * The connections of a client: one, unless a channel is watched twice at a time. A message names its channel and not its
 * subscription, so two of one channel, each with its own place and filter, cannot share a connection.
 */
export class Channels {
  private readonly connections = new Set<Connection>();

  constructor(private readonly around: Surroundings) {}

  watch(name: string, options: WatchOptions): Subscription {
    const channel = canonical(name);
    const connection = this.connectionFor(channel);
    const subscription = new Subscription(channel, options, connection);
    if (options.signal?.aborted) subscription.fail(options.signal.reason);
    else connection.add(subscription);
    return subscription;
  }

  close(): void {
    for (const connection of [...this.connections]) connection.closeAll();
  }

  private connectionFor(channel: string): Connection {
    const free = [...this.connections].find((connection) => !connection.carries(channel));
    if (free) return free;
    const made = new Connection(this.around, (idle) => this.connections.delete(idle));
    this.connections.add(made);
    return made;
  }
}
