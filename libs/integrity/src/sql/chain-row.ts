/** All columns that a hash covers, the hash, and where the log has the event. */
export interface ChainRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly partition: number;
  readonly position: number;
  readonly committedAt: string;
  readonly hash: string;
  readonly eventId: string;
  readonly generation: number;
  readonly eventType: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly ops: string;
  readonly metadata: string | undefined;
  readonly actor: string;
  readonly commandKey: string | undefined;
  readonly correlationId: string | undefined;
  readonly causationId: string | undefined;
  readonly serverId: string | undefined;
  readonly playerId: string | undefined;
  readonly sessionId: string | undefined;
  readonly origin: string;
  readonly hlc: string;
  /** Whether its hash is that of its bytes after an event with this hash. */
  follows(previous: string): boolean;
}
