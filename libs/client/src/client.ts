import { Credentials } from './credentials.js';
import type { JsonObject } from './json.js';
import { Addresses } from './live/address.js';
import { Channels } from './live/channels.js';
import { LiveState, type LiveStateOptions } from './live/live-state.js';
import type { Channel, Watch, WatchOptions } from './live/watch.js';
import { type ClientOptions, type Settings, settingsOf } from './options.js';
import { RestClient } from './rest/rest-client.js';
import { Transport } from './rest/transport.js';
import type { AggregateType } from './types.js';

/** The service, as one caller sees it. */
export class Client extends RestClient {
  private channels: Channels | undefined;

  constructor(settings: Settings, private readonly credentials: Credentials, transport: Transport) {
    super(settings, transport);
  }

  /**
   * What happens on a channel, without a gap and without a repetition, across lost connections. All watches of a client
   * share one connection, which is open while there is a watch; a channel that is watched twice at a time takes another.
   * The iterator throws `ApiError` or `StreamError` when the service will not serve the channel.
   */
  watch<Data extends object = JsonObject>(channel: Channel, options: WatchOptions = {}): Watch<Data> {
    return this.connect().watch(channel, options) as unknown as Watch<Data>;
  }

  /** The state of an aggregate, kept current, with the caller's own changes shown before they are confirmed. */
  live<Data extends object = JsonObject>(type: AggregateType, id: string, options: LiveStateOptions = {}): LiveState<Data> {
    const feed = this.connect().watch(`${type}/${id}`, { snapshot: true, signal: options.signal });
    return new LiveState<Data>(feed, {
      patch: (changes) => this.patch(type, id, changes),
      update: (changes, expectedVersion) => this.update(type, id, changes, { expectedVersion }),
    });
  }

  /** Ends every watch and live state, and with them the connection. Requests under way are left alone. */
  close(): void {
    this.channels?.close();
  }

  private connect(): Channels {
    if (this.channels) return this.channels;
    const { settings, credentials, transport } = this;
    const { WebSocket } = settings;
    if (!WebSocket) throw new TypeError('there is no global WebSocket: pass one as an option, such as that of the package ws');
    const addresses = new Addresses(settings, credentials, transport);
    return (this.channels = new Channels({ settings, credentials, addresses, WebSocket }));
  }
}

/** A client of the service at an address. Opens nothing until it is used. */
export function createClient(options: ClientOptions): Client {
  const settings = settingsOf(options);
  const credentials = new Credentials(options.token);
  return new Client(settings, credentials, new Transport(settings, credentials));
}
