import { ServiceError } from '@app/kernel';
import type { StateDocument } from '../sql/read-states.js';

/** What the append path tells of itself; bound to metrics by the application. */
export interface AppendObserver {
  /** A group was committed; `seconds` from sending to durable. */
  groupCommitted(group: { commands: number; events: number; seconds: number }): void;
  /** Commands that ended this way. `conflict` counts rounds lost to another instance, which are then tried again. */
  verdict(kind: AppendVerdict, count?: number): void;
}

export type AppendVerdict = 'appended' | 'conflict' | 'duplicate' | 'refused' | 'overloaded' | 'failed';

/** Is told of each state that this instance committed, before the caller of the command is answered. Must not throw. */
export type StateListener = (state: StateDocument) => void;

/** How a command ended that was not appended. */
export function verdictOf(error: unknown): 'refused' | 'overloaded' | 'failed' {
  if (!(error instanceof ServiceError)) return 'failed';
  return error.error === 'SERVICE_UNAVAILABLE' ? 'overloaded' : 'refused';
}
