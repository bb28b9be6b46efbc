import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** One row: the epoch of the log. */
@Entity({ schema: 'global_state', name: 'log_epoch' })
@Check('log_epoch_singleton_check', 'singleton')
export class LogEpochEntity {
  @PrimaryColumn('boolean', { default: true, primaryKeyConstraintName: 'log_epoch_pkey' }) singleton!: boolean;
  @Column('uuid') epoch!: string;
}
