import type { JsonObject } from '../json.js';
import { ConnectionError } from '../errors.js';
import { applyChanges } from '../merge-patch.js';
import type { AggregateState, Changes, StateUpdate } from '../types.js';
import { Latest } from './latest.js';
import type { Subscription } from './subscription.js';
import type { WatchMessage } from './watch.js';

/** What is shown of an aggregate. Immutable: a change makes a new one. */
export interface LiveView<Data extends object = JsonObject> {
  /** The state with the own changes that are not confirmed yet; null: there is no aggregate. */
  readonly data: Data | null;
  /** The version that the service has confirmed; 0: none yet. */
  readonly version: number;
  /** Own changes that are shown and not confirmed. */
  readonly pending: number;
}

/** Why the view changed. */
export type LiveEvent<Data extends object = JsonObject> =
  /** The service's state, at first and after history that was missed went out of reach. */
  | { readonly type: 'snapshot' | 'reset'; readonly view: LiveView<Data> }
  /** A change was committed, by this client or another. */
  | { readonly type: 'changed'; readonly view: LiveView<Data>; readonly eventType: string }
  /** An own change is shown and on its way. */
  | { readonly type: 'applied'; readonly view: LiveView<Data>; readonly changes: Changes<Data> }
  /** An own change is part of the service's state. */
  | { readonly type: 'confirmed'; readonly view: LiveView<Data>; readonly changes: Changes<Data> }
  /** An own change was refused, or got no answer, and is no longer shown. */
  | { readonly type: 'rolledBack'; readonly view: LiveView<Data>; readonly changes: Changes<Data>; readonly error: unknown }
  /** The view is no longer kept current. */
  | { readonly type: 'failed'; readonly view: LiveView<Data>; readonly error: unknown };

export interface LiveStateOptions {
  /** Ends the view. */
  readonly signal?: AbortSignal;
}

export interface ApplyOptions {
  /** Refuse the change (`VERSION_CONFLICT`) if the state has another version by then. Default: whatever the version. */
  readonly expectedVersion?: number;
}

interface Writes<Data extends object> {
  patch(changes: Changes<Data>): Promise<StateUpdate>;
  update(changes: Changes<Data>, expectedVersion: number): Promise<StateUpdate>;
}

interface Pending<Data extends object> {
  readonly changes: Changes<Data>;
  /** The version that the service gave it: it is confirmed when the feed gets there. */
  version?: number;
}

/** An aggregate's state: folded from its channel, with own changes laid over it until they are confirmed or refused. */
export class LiveState<Data extends object = JsonObject> implements AsyncIterable<LiveView<Data>> {
  /** Resolves when the service's state is there; rejects if the channel cannot be watched. */
  readonly ready: Promise<void>;
  view: LiveView<Data> = { data: null, version: 0, pending: 0 };
  private base: { readonly data: Data | null; readonly version: number } = { data: null, version: 0 };
  private pending: readonly Pending<Data>[] = [];
  private readonly listeners = new Set<(event: LiveEvent<Data>) => void>();
  private readonly latest = new Latest<LiveView<Data>>();
  /** The writes, one after another: they take effect in the order in which they were shown. */
  private lastWrite: Promise<unknown> = Promise.resolve();
  /** A write that has been sent and not answered. */
  private unanswered: Promise<void> | undefined;
  /** The newest version that the service gave an own write. */
  private acknowledged = 0;

  constructor(private readonly feed: Subscription, private readonly writes: Writes<Data>) {
    this.ready = new Promise((resolve, reject) => {
      this.follow(resolve).then(() => reject(new ConnectionError('the live state was closed')), reject);
    });
    this.ready.catch(() => undefined); // told to the listeners and iterators too, and nobody has to wait for `ready`
  }

  /**
   * Shows changes at once and sends them. Resolves with the service's answer; the `confirmed` event follows when the feed
   * has it. Rejects, after the change was taken back, with the `ApiError` of a refusal or a `ConnectionError`: whether such a
   * write took effect the feed will show.
   */
  apply(changes: Changes<Data>, { expectedVersion }: ApplyOptions = {}): Promise<StateUpdate> {
    const pending: Pending<Data> = { changes };
    this.pending = [...this.pending, pending];
    this.show();
    this.tell({ type: 'applied', view: this.view, changes });
    const write = this.lastWrite.then(() => this.write(pending, expectedVersion));
    this.lastWrite = write.catch(() => undefined); // the caller has the error; the next write goes on
    return write;
  }

  /** Calls the listener for every change of the view. @returns a function that ends it */
  onChange(listener: (event: LiveEvent<Data>) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The view now and whenever it changes; a consumer that is slow gets only the newest. */
  [Symbol.asyncIterator](): AsyncIterator<LiveView<Data>, undefined> {
    return this.latest.iterate();
  }

  /** Ends the view. Writes under way are left alone. */
  close(): void {
    void this.feed.return();
  }

  private async follow(ready: () => void): Promise<void> {
    try {
      for await (const message of this.feed as AsyncIterable<WatchMessage<Data>>) {
        await this.turnOf(message);
        this.fold(message);
        if (message.type === 'snapshot' || message.type === 'reset') ready();
      }
      this.latest.end();
    } catch (error) {
      this.latest.end({ thrown: error });
      this.tell({ type: 'failed', view: this.view, error });
      throw error;
    }
  }

  /**
   * An own write may come back before its answer does, and nothing in it says that it is the own one: folded now, an increment
   * would be shown twice. So what is newer than the answers there are waits for the one that is still out.
   */
  private async turnOf(message: WatchMessage<Data>): Promise<void> {
    const version = versionOf(message);
    while (this.unanswered && version > this.acknowledged) await this.unanswered;
  }

  private fold(message: WatchMessage<Data>): void {
    switch (message.type) {
      case 'snapshot':
      case 'reset':
        this.base = startOf(message.state);
        this.acknowledged = 0;
        return this.settled({ type: message.type });
      case 'change': {
        const { version } = this.base;
        if (version > 0 && message.version !== version + 1) return this.feed.restart();
        const data = message.deleted ? null : applyChanges(this.base.data ?? ({} as Data), message.changes ?? {});
        this.base = { data, version: message.version };
        return this.settled({ type: 'changed', eventType: message.eventType });
      }
      case 'live':
      case 'presence':
      case 'operation':
        return undefined;
    }
  }

  /** The base has moved: own changes that are in it are no longer laid over it. */
  private settled(cause: { type: 'snapshot' | 'reset' } | { type: 'changed'; eventType: string }): void {
    const confirmed = this.pending.filter(({ version }) => version !== undefined && version <= this.base.version);
    this.pending = this.pending.filter((pending) => !confirmed.includes(pending));
    this.show();
    this.tell({ ...cause, view: this.view });
    for (const { changes } of confirmed) this.tell({ type: 'confirmed', view: this.view, changes });
  }

  private async write(pending: Pending<Data>, expectedVersion: number | undefined): Promise<StateUpdate> {
    let answered = (): void => undefined;
    try {
      await this.ready;
      this.unanswered = new Promise((resolve) => (answered = resolve));
      const answer = await this.send(pending.changes, expectedVersion);
      pending.version = answer.newVersion;
      this.acknowledged = answer.newVersion;
      return answer;
    } catch (error) {
      this.pending = this.pending.filter((other) => other !== pending);
      this.show();
      this.tell({ type: 'rolledBack', view: this.view, changes: pending.changes, error });
      throw error;
    } finally {
      this.unanswered = undefined;
      answered();
    }
  }

  private send(changes: Changes<Data>, expectedVersion: number | undefined): Promise<StateUpdate> {
    if (expectedVersion !== undefined) return this.writes.update(changes, expectedVersion);
    const exists = this.base.data !== null || this.acknowledged > this.base.version;
    return exists ? this.writes.patch(changes) : this.writes.update(changes, 0);
  }

  private show(): void {
    const { data, version } = this.base;
    const shown = this.pending.reduce<Data | null>((under, { changes }) => applyChanges(under ?? ({} as Data), changes), data);
    this.view = { data: shown, version, pending: this.pending.length };
    this.latest.set(this.view);
  }

  private tell(event: LiveEvent<Data>): void {
    for (const listener of [...this.listeners]) {
      try {
        listener(event);
      } catch (error) {
        // As with an EventTarget: one listener's error is reported, and stops neither the others nor the view.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** The version that a message brings the base to. */
function versionOf<Data extends object>(message: WatchMessage<Data>): number {
  if (message.type === 'change') return message.version;
  if (message.type === 'snapshot' || message.type === 'reset') return message.state?.version ?? Number.POSITIVE_INFINITY;
  return 0;
}

function startOf<Data extends object>(
  state: AggregateState<Data> | null,
): { readonly data: Data | null; readonly version: number } {
  return state ? { data: state.data, version: state.version } : { data: null, version: 0 };
}
