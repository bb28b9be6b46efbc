import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

/** The log: one row an event, append-only. */
@Entity({ schema: 'global_state', name: 'events' })
@Unique('events_version_key', ['aggregateId', 'aggregateType', 'version'])
@Unique('events_event_id_key', ['eventId', 'aggregateId', 'aggregateType'])
@Index('events_correlation', ['correlationId'], { where: 'correlation_id IS NOT NULL' })
@Index('events_causation', ['causationId'], { where: 'causation_id IS NOT NULL' })
@Check('events_position_check', 'position > 0')
@Check('events_version_check', 'version > 0')
export class EventEntity {
  @PrimaryColumn({ type: 'smallint', primaryKeyConstraintName: 'events_pkey' }) partition!: number;
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'events_pkey' }) position!: string;
  @Column('uuid', { name: 'event_id' }) eventId!: string;
  @Column({ type: 'text', name: 'aggregate_type', collation: 'C' }) aggregateType!: string;
  @Column('uuid', { name: 'aggregate_id' }) aggregateId!: string;
  @Column('integer') generation!: number;
  @Column('bigint') version!: string;
  @Column('text', { name: 'event_type' }) eventType!: string;
  @Column('smallint', { name: 'schema_version' }) schemaVersion!: number;
  @Column('json') data!: unknown;
  @Column('json') ops!: unknown;
  @Column('json', { nullable: true }) metadata!: unknown;
  @Column('text') actor!: string;
  @Column('text', { name: 'command_key', nullable: true }) commandKey!: string | null;
  @Column('uuid', { name: 'correlation_id', nullable: true }) correlationId!: string | null;
  @Column('uuid', { name: 'causation_id', nullable: true }) causationId!: string | null;
  @Column('text', { name: 'server_id', nullable: true }) serverId!: string | null;
  @Column('uuid', { name: 'player_id', nullable: true }) playerId!: string | null;
  @Column('uuid', { name: 'session_id', nullable: true }) sessionId!: string | null;
  @Column('text', { name: 'origin_region' }) originRegion!: string;
  @Column('bigint', { name: 'origin_sequence' }) originSequence!: string;
  @Column('bigint') hlc!: string;
  /** Null until values are encrypted per subject. */
  @Column('uuid', { name: 'key_id', nullable: true }) keyId!: string | null;
  @Column('bytea') hash!: Buffer;
  @Column({ type: 'timestamptz', name: 'committed_at', precision: 3 }) committedAt!: Date;
}
