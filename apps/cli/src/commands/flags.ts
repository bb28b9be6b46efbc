import { AGGREGATE_TYPES } from '@app/kernel';
import type { Command } from '../command.js';
import { LIMIT, list, show } from './listing.js';
import type { Option } from '../signature.js';

const FLAGS = '/api/v1/flags';
const QUARANTINES = '/api/v1/quarantines';
const TYPE: Option = { value: 'type', help: 'only of aggregates of this type' };

export const flagsCommands: readonly Command[] = [
  {
    name: 'flags list', summary: 'lists what the rules flagged, newest first',
    options: {
      status: { value: 'status', help: 'open, assigned, confirmed or dismissed' }, rule: { value: 'name', help: 'only of this rule' },
      type: TYPE, id: { value: 'uuid', help: 'only of this aggregate' }, limit: LIMIT,
    },
    run: (given, context) => list(given, context, {
      path: FLAGS, columns: ['flagId', 'status', 'mode', 'rule', 'aggregateType', 'aggregateId', 'eventVersion', 'path', 'assignee', 'raisedAt'], none: 'No flags',
    }, { status: given.text('status'), rule: given.text('rule'), aggregateType: given.oneOf('type', AGGREGATE_TYPES), aggregateId: given.text('id') }),
  },
  {
    name: 'flags show', summary: 'shows a flag with its evidence', takes: ['flag'],
    run: async (given, context) => show(context, await context.service.get(`${FLAGS}/${given.id('flag')}`)),
  },
  {
    name: 'flags assign', summary: 'gives a flag to somebody', takes: ['flag'], options: { to: { value: 'name', help: 'who looks into it' } },
    run: async (given, context) =>
      show(context, await context.service.post(`${FLAGS}/${given.id('flag')}/assign`, { assignee: given.needed('to') })),
  },
  {
    name: 'flags resolve', summary: 'closes a flag', takes: ['flag'],
    options: { as: { value: 'confirmed|dismissed', help: 'what it was' }, note: { value: 'text', help: 'why; kept with the flag' } },
    run: async (given, context) => {
      given.needed('as');
      const body = { resolution: given.oneOf('as', ['confirmed', 'dismissed']), note: given.needed('note') };
      return show(context, await context.service.post(`${FLAGS}/${given.id('flag')}/resolve`, body));
    },
  },
];

export const quarantinesCommands: readonly Command[] = [
  {
    name: 'quarantines list', summary: 'lists aggregates in quarantine',
    options: { status: { value: 'status', help: 'active or released' }, type: TYPE, limit: LIMIT },
    run: (given, context) => list(given, context, {
      path: QUARANTINES, columns: ['aggregateType', 'aggregateId', 'rule', 'eventVersion', 'since', 'releasedAt'], none: 'No quarantines',
    }, { status: given.text('status'), aggregateType: given.oneOf('type', AGGREGATE_TYPES) }),
  },
  {
    name: 'quarantines release', summary: 'lets an aggregate out', takes: ['type', 'id'], options: { reason: { value: 'text', help: 'why' } },
    run: async (given, context) => {
      const { aggregateType, aggregateId } = given.aggregate();
      const body = { reason: given.needed('reason') };
      return show(context, await context.service.post(`${QUARANTINES}/${aggregateType}/${aggregateId}/release`, body));
    },
  },
];

export const rulesCommands: readonly Command[] = [{
  name: 'rules', summary: 'lists the anti-cheat rules, and how many flags each raised',
  run: (given, context) => list(given, context, {
    path: '/api/v1/rules', columns: ['rule.id', 'rule.aggregateType', 'rule.kind', 'rule.mode', 'flags.open', 'flags.confirmed', 'rule.about'],
    none: 'No rules', whole: true,
  }),
}];
