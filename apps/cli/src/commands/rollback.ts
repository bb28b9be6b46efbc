import type { OperationInput, OperationOutput } from '@app/client';
import { CliError } from '../cli-error.js';
import type { Command, Context, ExitCode } from '../command.js';
import { confirmed } from '../confirm.js';
import { aggregateOf, type Given } from '../given.js';
import { inLine, table } from '../table.js';
import { LIMIT, list } from './listing.js';
import type { Option } from '../signature.js';

type Rollback = OperationOutput<'previewRollback'>;
type Result = OperationOutput<'executeRollback'>;
type Scope = OperationInput<'previewRollback'>['body']['scope'];

const SCOPE: Readonly<Record<string, Option>> = {
  aggregate: { value: 'type/id', help: 'one aggregate, with --to-version or --to-time' },
  'to-version': { value: 'n', help: 'back to this version' },
  'to-time': { value: 'time', help: 'back to this time, such as 2026-11-25T12:00:00Z, or 2h for so long ago' },
  correlation: { value: 'uuid', help: 'all events with this correlation' },
  causation: { value: 'event id', help: 'an event and all that it caused' },
  actor: { value: 'name', help: 'all that this one did, from --since until --until' },
  since: { value: 'time', help: 'where that begins' },
  until: { value: 'time', help: 'where that ends; default: now' },
};
const REASON: Option = { value: 'text', help: 'why; kept with the events' };
const CONFIRM: Option = { value: 'n', help: 'the number of affected aggregates, instead of typing it' };

export const rollbackCommands: readonly Command[] = [
  {
    name: 'rollback', summary: 'previews a rollback, asks, and executes it; with --dry-run it only previews',
    options: { ...SCOPE, 'dry-run': { help: 'changes nothing' }, reason: REASON, confirm: CONFIRM }, run: previewAndExecute,
  },
  { name: 'rollback preview', summary: 'shows what a rollback would do; changes nothing', options: SCOPE, run: preview },
  {
    name: 'rollback execute', summary: 'executes a preview', takes: ['rollback'], options: { reason: REASON, confirm: CONFIRM }, run: executePreview,
  },
  { name: 'rollback undo', summary: 'takes an executed rollback back', takes: ['rollback'], options: { reason: REASON }, run: undo },
  { name: 'rollback get', summary: 'shows a rollback', takes: ['rollback'], run: get },
  {
    name: 'rollback list', summary: 'lists rollbacks, newest first', options: { limit: LIMIT },
    run: (given, context) => list(given, context, {
      path: '/api/v1/rollbacks', columns: ['rollbackId', 'status', 'createdBy', 'createdAt', 'reason'], none: 'No rollbacks',
    }),
  },
];

function scopeOf(given: Given): Scope {
  const kinds = ['aggregate', 'correlation', 'causation', 'actor'].filter((kind) => given.text(kind) !== undefined);
  if (kinds.length !== 1) throw new CliError('A rollback takes one of --aggregate, --correlation, --causation and --actor; --help shows how');
  if (kinds[0] === 'correlation') return { correlationId: given.needed('correlation') };
  if (kinds[0] === 'causation') return { causationId: given.needed('causation') };
  if (kinds[0] === 'actor') {
    const from = given.time('since');
    if (from === undefined) throw new CliError('--actor needs --since: a time such as 2026-11-25T12:00:00Z, or 2h for so long ago');
    return { actor: given.needed('actor'), from, to: given.time('until') ?? new Date().toISOString() };
  }
  const [type = '', id = ''] = given.needed('aggregate').split('/');
  const [toVersion, toTime] = [given.whole('to-version', Number.MAX_SAFE_INTEGER), given.time('to-time')];
  if ((toVersion === undefined) === (toTime === undefined)) throw new CliError('--aggregate needs one of --to-version and --to-time');
  return { aggregate: { ...aggregateOf(type, id), ...(toVersion === undefined ? { toTime: toTime! } : { toVersion }) } };
}

async function preview(given: Given, { service, output }: Context): Promise<ExitCode> {
  const previewed = await service.client.request('previewRollback', { body: { scope: scopeOf(given) } });
  output.document(previewed, () => linesOf(previewed));
  return 0;
}

async function previewAndExecute(given: Given, context: Context): Promise<ExitCode> {
  if (given.flag('dry-run')) return preview(given, context);
  const [scope, reason] = [scopeOf(given), given.needed('reason')];
  return ask(given, context, await context.service.client.request('previewRollback', { body: { scope } }), reason);
}

async function executePreview(given: Given, context: Context): Promise<ExitCode> {
  const [rollbackId, reason] = [given.id('rollback'), given.needed('reason')];
  return ask(given, context, await context.service.client.request('getRollback', { path: { rollbackId } }), reason);
}

/** What will happen is shown before it is asked for: on standard error, as the result comes later. */
async function ask(given: Given, { service, output }: Context, rollback: Rollback, reason: string): Promise<ExitCode> {
  const number = String(rollback.affected.length);
  let confirm = given.text('confirm');
  if (confirm === undefined) {
    for (const line of linesOf(rollback)) output.note(line);
    if (!await confirmed(`Type the number of affected aggregates to execute it (${number}): `, number)) {
      output.note('That is not the number: nothing was changed');
      return 1;
    }
    confirm = number;
  }
  const result = await service.client.request('executeRollback', { path: { rollbackId: rollback.rollbackId }, body: { reason, confirm } });
  output.document(result, () => resultLines(result));
  return 0;
}

async function undo(given: Given, { service, output }: Context): Promise<ExitCode> {
  const [rollbackId, reason] = [given.id('rollback'), given.needed('reason')];
  const result = await service.client.request('undoRollback', { path: { rollbackId }, body: { reason } });
  output.document(result, () => resultLines(result));
  return 0;
}

async function get(given: Given, { service, output }: Context): Promise<ExitCode> {
  const rollback = await service.client.request('getRollback', { path: { rollbackId: given.id('rollback') } });
  output.document(rollback, () => linesOf(rollback));
  return 0;
}

function linesOf({ rollbackId, status, affected, conflicts, createdBy, createdAt, expiresAt }: Rollback): string[] {
  const until = status === 'previewed' ? `, to be executed until ${expiresAt}` : '';
  return [
    `rollback ${rollbackId} ${status}: ${affected.length} aggregates, by ${createdBy} at ${createdAt}${until}`,
    ...table(['aggregate', 'version', 'path', 'now', 'then'], affected.flatMap(({ aggregateType, aggregateId, version, diff }) => {
      const place = `${aggregateType}/${aggregateId}`;
      return diff.length === 0 ? [[place, version, '(no change)']] : diff.map((each, i) =>
        [i === 0 ? place : '', i === 0 ? version : '', each.path, inLine(each.old), inLine(each.new)]);
    })),
    ...(conflicts.length === 0 ? [] : ['also changed later, or limited:', ...table(['aggregate', 'path', 'what becomes of it'],
      conflicts.map((each) => [`${each.aggregateType}/${each.aggregateId}`, each.path, each.resolution]))]),
  ];
}

function resultLines({ rollbackId, status, events }: Result): string[] {
  return [
    `rollback ${rollbackId} ${status}: ${events.length} events`,
    ...table(['aggregate', 'version', 'event'], events.map((each) => [`${each.aggregateType}/${each.aggregateId}`, each.eventVersion, each.eventType])),
  ];
}
