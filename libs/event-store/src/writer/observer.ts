/** What the append path tells of itself; bound to metrics by the application. */
export interface AppendObserver {
  /** A group was committed; `seconds` from sending to durable. */
  groupCommitted(group: { commands: number; events: number; seconds: number }): void;
  /** Commands that ended this way. `conflict` counts rounds lost to another instance, which are then tried again. */
  verdict(kind: AppendVerdict, count?: number): void;
}

export type AppendVerdict = 'appended' | 'conflict' | 'duplicate' | 'refused' | 'overloaded' | 'failed';
