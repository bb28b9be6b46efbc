import { AGGREGATE_TYPES } from '@app/kernel';
import type { Command } from '../command.js';
import { LIMIT, list } from './listing.js';

export const auditCommands: readonly Command[] = [{
  name: 'audit', summary: 'lists who did or was refused what, newest first',
  options: {
    actor: { value: 'name', help: 'only of this one' }, kind: { value: 'kind', help: 'only of this kind' },
    outcome: { value: 'outcome', help: 'only with this outcome' }, type: { value: 'type', help: 'only about aggregates of this type' },
    id: { value: 'uuid', help: 'only about this aggregate' }, from: { value: 'time', help: 'not before this time, such as 2026-11-25T12:00:00Z or 2h' },
    to: { value: 'time', help: 'not after this time' }, limit: LIMIT,
  },
  run: (given, context) => list(given, context, {
    path: '/api/v1/audit', columns: ['at', 'actor', 'kind', 'action', 'outcome', 'status', 'error', 'target.aggregateType', 'target.aggregateId', 'count'], none: 'No entries',
  }, {
    actor: given.text('actor'), kind: given.text('kind'), outcome: given.text('outcome'), aggregateType: given.oneOf('type', AGGREGATE_TYPES),
    aggregateId: given.text('id'), from: given.time('from'), to: given.time('to'),
  }),
}];
