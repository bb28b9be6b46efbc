import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An `Idempotency-Key` that was used, for 24 hours. */
@Entity({ schema: 'global_state', name: 'command_receipts' })
export class CommandReceiptEntity {
  @PrimaryColumn('text', { collation: 'C', primaryKeyConstraintName: 'command_receipts_pkey' }) key!: string;
  @Column('text') fingerprint!: string;
  @Column('json') refs!: unknown;
  @Index('command_receipts_created_at_idx')
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
