import type { Settled } from '../app.module.js';
import type { Lifecycle } from '../lifecycle.js';

/** What serves requests: this process, or workers that it looks after. */
export interface Service {
  /** Resolves with its URL when it takes requests. */
  listen(): Promise<string>;
  /** Takes no more requests and resolves when all it took are answered. */
  close(): Promise<void>;
}

export type CreateService = (config: Omit<Settled, 'log'>, lifecycle: Lifecycle) => Promise<Service>;
