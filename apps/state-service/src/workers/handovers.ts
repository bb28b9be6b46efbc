import type { Worker } from 'node:cluster';

interface Connection {
  close(): void;
}

/**
 * Connections on their way from the primary to a worker. Node's round robin forgets one in two cases, keeps its copy
 * open, and the client waits for ever: where the worker dies before it says that it has it (3 of about 270 requests, each
 * on a connection of its own, in four kills), and where the last worker stops listening before it refuses it (every
 * second drain with a client that went on connecting, which then held the drain up to its limit). Closed, the client is
 * told at once and tries again.
 *
 * Seen at the door that Node's cluster uses for them. If Node ever uses another one, nothing is seen and nothing is closed.
 */
export class Handovers {
  /** The number of the message in which each was handed last. */
  private readonly open = new Map<Connection, number>();
  /** Refused, and handed to nobody else yet. */
  private readonly refused = new Set<Connection>();
  private ending = false;

  watch({ process: child }: Worker): void {
    const waiting = new Map<number, Connection>();
    const send = child.send.bind(child) as (...args: unknown[]) => boolean;
    child.send = (...args: unknown[]): boolean => {
      const [message, connection] = args;
      if (isHandover(message) && isConnection(connection)) {
        waiting.set(message.seq, connection);
        this.open.set(connection, message.seq);
        this.refused.delete(connection);
      }
      return send(...args);
    };
    // Node's own listener comes first: by now it has handed a refused one to the next worker, if there was one.
    child.on('internalMessage', (message: unknown) => {
      if (isReply(message)) this.replied(waiting, message);
    });
    child.once('exit', () => {
      for (const connection of waiting.values()) {
        this.open.delete(connection);
        connection.close();
      }
    });
  }

  /** From now on what is refused goes to nobody. */
  end(): void {
    this.ending = true;
    for (const connection of this.refused) connection.close();
  }

  private replied(waiting: Map<number, Connection>, { ack, accepted }: Reply): void {
    const connection = waiting.get(ack);
    waiting.delete(ack);
    if (!connection || this.open.get(connection) !== ack) return;
    this.open.delete(connection);
    if (accepted) return;
    if (this.ending) connection.close();
    else this.refused.add(connection);
  }
}

interface Reply {
  readonly ack: number;
  readonly accepted: boolean;
}

function isHandover(message: unknown): message is { seq: number } {
  return typeof message === 'object' && message !== null && 'act' in message && message.act === 'newconn' &&
    'seq' in message && typeof message.seq === 'number';
}

function isReply(message: unknown): message is Reply {
  return typeof message === 'object' && message !== null && 'ack' in message && 'accepted' in message;
}

function isConnection(handle: unknown): handle is Connection {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}
