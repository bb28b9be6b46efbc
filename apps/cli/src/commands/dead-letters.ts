import type { Command } from '../command.js';
import { LIMIT, list, show } from './listing.js';

const PATH = '/api/v1/dead-letters';

export const deadLettersCommands: readonly Command[] = [
  {
    name: 'dead-letters list', summary: 'lists aggregates that are parked because an event of theirs could not be handled',
    options: { status: { value: 'status', help: 'parked, retried, discarded or superseded' }, limit: LIMIT },
    run: (given, context) => list(given, context, {
      path: PATH, columns: ['deadLetterId', 'status', 'consumer', 'aggregateType', 'aggregateId', 'attempts', 'withheld', 'error'], none: 'No dead letters',
    }, { status: given.text('status') }),
  },
  {
    name: 'dead-letters retry', summary: 'tries one again', takes: ['letter'],
    run: async (given, context) => show(context, await context.service.post(`${PATH}/${given.id('letter')}/retry`)),
  },
  {
    name: 'dead-letters discard', summary: 'gives one up', takes: ['letter'], options: { reason: { value: 'text', help: 'why' } },
    run: async (given, context) =>
      show(context, await context.service.post(`${PATH}/${given.id('letter')}/discard`, { reason: given.needed('reason') })),
  },
];
