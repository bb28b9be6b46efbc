import { AggregateStateEntity } from './aggregate-state.entity.js';
import { CheckpointEntity } from './checkpoint.entity.js';
import { CommandReceiptEntity } from './command-receipt.entity.js';
import { EventEntity } from './event.entity.js';
import { LogEpochEntity } from './log-epoch.entity.js';
import { LogHeadEntity } from './log-head.entity.js';

/** The tables as TypeORM sees them; a test holds them against the migrated schema. */
export const ENTITIES = [
  EventEntity, AggregateStateEntity, CommandReceiptEntity, CheckpointEntity, LogHeadEntity, LogEpochEntity,
];
