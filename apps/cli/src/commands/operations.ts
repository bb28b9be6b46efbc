import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationOutput } from '@app/client';
import { AGGREGATE_TYPES } from '@app/kernel';
import { CliError } from '../cli-error.js';
import type { Command, Context, ExitCode } from '../command.js';
import { type Given, oneOf } from '../given.js';
import { showProgress } from '../progress.js';
import { inLine } from '../table.js';
import { LIMIT, list } from './listing.js';
import type { Option } from '../signature.js';

const STATUSES = ['queued', 'running', 'cancelling', 'completed', 'failed', 'cancelled'] as const;
const UNDER_WAY = new Set<string>(['queued', 'running', 'cancelling']);
const TARGETS = ['states', 'analytics'] as const;
const ASK_EVERY_MS = 500;

type Operation = OperationOutput<'getOperation'>;

const TYPE: Option = { value: 'type', help: 'only aggregates of this type' };
const WAIT: Option = { help: 'waits for its end and shows how far it is; exit code 1 if it fails or finds something' };
const MOST_FINDINGS = 1_000;
const REASON: Option = { value: 'text', help: 'why; kept with the operation' };

export const operationsCommands: readonly Command[] = [
  {
    name: 'operations rebuild', summary: 'builds states or analytics anew from the log, while the service goes on', takes: ['target'],
    options: {
      type: TYPE, 'accept-differences': { help: 'takes the new build also where it is not what the old one is' }, reason: REASON, wait: WAIT,
    },
    run: rebuild,
  },
  {
    name: 'operations revert', summary: 'goes back to the build of states or analytics before', takes: ['target'],
    options: { type: TYPE, reason: REASON, wait: WAIT }, run: revert,
  },
  {
    name: 'operations replay', summary: 'runs a range of events through the fold, or through a rule; a dry run unless it is told otherwise',
    options: {
      through: { value: 'fold|rule', help: 'default: fold' }, rule: { value: 'id|@file', help: 'with --through rule: one in force, or a file with a declaration to try' }, type: TYPE,
      'from-position': { value: 'n', help: 'of the log' }, 'to-position': { value: 'n', help: 'of the log' },
      from: { value: 'time', help: 'instead of a position' }, to: { value: 'time', help: 'instead of a position' },
      'no-dry-run': { help: 'what it finds has effect' }, wait: WAIT,
    },
    run: replay,
  },
  {
    name: 'operations verify', summary: 'has the service check the whole log, its states and its signed roots; exit code 1: something was found',
    options: { limit: { value: 'n', help: `findings after which it stops (${MOST_FINDINGS}, which is the most)` }, reason: REASON, wait: WAIT }, run: verify,
  },
  {
    name: 'operations list', summary: 'lists operations, newest first',
    options: { status: { value: 'status', help: STATUSES.join(', ') }, limit: LIMIT },
    run: (given, context) => list(given, context, {
      path: '/api/v1/operations', columns: ['operationId', 'kind', 'status', 'progress', 'createdBy', 'createdAt'], none: 'No operations',
    }, { status: given.oneOf('status', STATUSES) }),
  },
  { name: 'operations get', summary: 'shows an operation', takes: ['operation'], options: { wait: WAIT }, run: get },
  { name: 'operations cancel', summary: 'stops an operation', takes: ['operation'], options: { wait: WAIT }, run: (given, context) => turn(given, context, 'cancelOperation') },
  {
    name: 'operations resume', summary: 'goes on with one that failed or was cancelled', takes: ['operation'], options: { wait: WAIT },
    run: (given, context) => turn(given, context, 'resumeOperation'),
  },
];

const typeOf = (given: Given) => given.oneOf('type', AGGREGATE_TYPES);

async function rebuild(given: Given, context: Context): Promise<ExitCode> {
  const body = {
    target: oneOf('<target>', given.argument('target') ?? '', TARGETS), aggregateType: typeOf(given),
    acceptDifferences: given.flag('accept-differences'), reason: given.text('reason'),
  };
  return answer(given, context, await context.service.client.request('startRebuild', { body }));
}

async function revert(given: Given, context: Context): Promise<ExitCode> {
  const target = oneOf('<target>', given.argument('target') ?? '', TARGETS);
  const body = { target, aggregateType: typeOf(given), reason: given.text('reason') };
  return answer(given, context, await context.service.client.request('revertRebuild', { body }));
}

async function replay(given: Given, context: Context): Promise<ExitCode> {
  const through = given.oneOf('through', ['fold', 'rule']) ?? 'fold';
  const rule = given.text('rule');
  if ((through === 'rule') !== (rule !== undefined)) throw new CliError('operations replay takes --rule with --through rule, and only then');
  const body = {
    through, rule: rule?.startsWith('@') ? await declarationIn(rule.slice(1)) : rule, aggregateType: typeOf(given), dryRun: !given.flag('no-dry-run'),
    fromPosition: given.whole('from-position', Number.MAX_SAFE_INTEGER), toPosition: given.whole('to-position', Number.MAX_SAFE_INTEGER),
    from: given.time('from'), to: given.time('to'),
  };
  return answer(given, context, await context.service.client.request('startReplay', { body }));
}

/** Whether it declares a rule is for the service to say. */
async function declarationIn(file: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new CliError(`--rule: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function verify(given: Given, context: Context): Promise<ExitCode> {
  const body = { limit: given.whole('limit', MOST_FINDINGS), reason: given.text('reason') };
  return answer(given, context, await context.service.client.request('startVerify', { body }));
}

async function turn(given: Given, context: Context, how: 'cancelOperation' | 'resumeOperation'): Promise<ExitCode> {
  const path = { operationId: given.id('operation') };
  return answer(given, context, await context.service.client.request(how, { path }));
}

async function get(given: Given, context: Context): Promise<ExitCode> {
  const path = { operationId: given.id('operation') };
  return answer(given, context, await context.service.client.request('getOperation', { path }));
}

/** What was asked about, now or at its end. One that somebody else cancels while it is waited for is not what was asked for. */
async function answer(given: Given, context: Context, asked: Operation): Promise<ExitCode> {
  const operation = given.flag('wait') ? await waited(context, asked) : asked;
  context.output.document(operation, () => linesOf(operation));
  if (findingsOf(operation).length > 0) return 1;
  return operation.status === 'failed' || (operation.status === 'cancelled' && asked.status !== 'cancelled' && asked.status !== 'cancelling') ? 1 : 0;
}

/** An instance that restarts meanwhile is no reason to give up: the client asks again by itself, then this does. */
async function waited({ service, output }: Context, begun: Operation): Promise<Operation> {
  const progress = showProgress(output.json);
  let operation = begun;
  try {
    while (UNDER_WAY.has(operation.status)) {
      await sleep(ASK_EVERY_MS);
      operation = await service.client.request('getOperation', { path: { operationId: operation.operationId } });
      if (operation.total > 0) progress.update(operation.done, operation.total);
    }
    return operation;
  } finally {
    progress.stop();
  }
}

function linesOf(operation: Operation): string[] {
  const { operationId, kind, parameters, status, done, total, unit, rate, etaSeconds, result, error, createdBy, createdAt, finishedAt } = operation;
  const speed = rate === 0 ? '' : `, ${Math.round(rate).toLocaleString('en')}/s`;
  const left = etaSeconds === undefined ? '' : `, ${Math.round(etaSeconds)} s left`;
  return [
    `operation ${operationId} ${kind} ${status}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${unit} (${percent(operation)})${speed}${left}`,
    `  parameters ${JSON.stringify(parameters)}`,
    `  by ${createdBy} at ${createdAt}${finishedAt === undefined ? '' : `, ended at ${finishedAt}`}`,
    ...Object.entries(result ?? {}).flatMap(([name, value]) => (name === 'findings' ? [] : [`  ${name} ${inLine(value)}`])),
    ...findingsOf(operation).map((finding) => `  finding ${inLine(finding)}`),
    ...(error === undefined ? [] : [`  error ${error}`]),
  ];
}

/** What a `verify` found. */
function findingsOf({ result }: Operation): readonly unknown[] {
  const findings = result?.['findings'];
  return Array.isArray(findings) ? findings : [];
}

function percent({ progress }: Operation): string {
  return `${Math.floor(progress * 100)}%`;
}
