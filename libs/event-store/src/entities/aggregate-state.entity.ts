import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * The current state of every aggregate: the write side's snapshot and what reads fall back on. In several builds, of which
 * one is live; `aggregate_states` is a view of that one.
 */
@Entity({ schema: 'global_state', name: 'aggregate_state_builds' })
@Index('aggregate_state_builds_differing', ['build'], { where: 'differs' })
export class AggregateStateEntity {
  @PrimaryColumn('text', {
    name: 'aggregate_type', collation: 'C', primaryKeyConstraintName: 'aggregate_state_builds_pkey',
  }) aggregateType!: string;
  @PrimaryColumn('uuid', { name: 'aggregate_id', primaryKeyConstraintName: 'aggregate_state_builds_pkey' }) aggregateId!: string;
  @PrimaryColumn('integer', { default: 0, primaryKeyConstraintName: 'aggregate_state_builds_pkey' }) build!: number;
  @Column('smallint') partition!: number;
  @Column('integer') generation!: number;
  @Column('bigint') version!: string;
  @Column('boolean') deleted!: boolean;
  @Column('json') data!: unknown;
  @Column('bytea') checksum!: Buffer;
  @Column('json') clocks!: unknown;
  @Column('bytea') hash!: Buffer;
  @Column('bigint') hlc!: string;
  @Column('integer', { name: 'fold_generation' }) foldGeneration!: number;
  @Column('bigint') position!: string;
  @Column({ type: 'timestamptz', name: 'last_modified', precision: 3 }) lastModified!: Date;
  @Column('json', { nullable: true }) memory!: unknown;
  @Column('boolean', { nullable: true }) differs!: boolean | null;
}
