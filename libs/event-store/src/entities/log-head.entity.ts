import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The newest position of a log partition. Its row lock orders all appends to the partition. */
@Entity({ schema: 'global_state', name: 'log_heads' })
export class LogHeadEntity {
  @PrimaryColumn({ type: 'smallint', primaryKeyConstraintName: 'log_heads_pkey' }) partition!: number;
  @Column('bigint', { default: 0 }) position!: string;
  @Column('bigint', { name: 'origin_sequence', default: 0 }) originSequence!: string;
  @Column({ type: 'timestamptz', name: 'committed_at', precision: 3, default: () => "'1970-01-01 00:00:00+00'" }) committedAt!: Date;
}
