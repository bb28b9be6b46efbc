import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a durable consumer has read a partition of the log. */
@Entity({ schema: 'global_state', name: 'checkpoints' })
export class CheckpointEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'checkpoints_pkey' }) consumer!: string;
  @PrimaryColumn({ type: 'smallint', primaryKeyConstraintName: 'checkpoints_pkey' }) partition!: number;
  @Column('bigint', { default: 0 }) position!: string;
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' }) updatedAt!: Date;
}
