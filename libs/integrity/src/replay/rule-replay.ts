import { type EventStore, inTransaction } from '@app/event-store';
import { validationError } from '@app/game-state';
import { type JsonObject, type RuleOfType, RuleSet, ServiceError } from '@app/kernel';
import type { OperationContext, OperationKind } from '@app/operations';
import { CandidateRule } from '@app/rules';
import type { Pool } from 'pg';
import { raiseFlags, type Raised } from '../sql/raise-flags.js';
import { type AggregatePlace, countRaised } from '../sql/replay-pages.js';
import { walkAggregates } from './by-aggregate.js';
import { walkCommands } from './by-command.js';
import { ReplayTally } from './replay-tally.js';
import type { WalkedPage } from './walk.js';

/** Bound to `POST /operations/replay` with `through: "rule"`. */
export const REPLAY_RULE = 'replay-rule';

interface Parameters {
  readonly rule: RuleOfType;
  readonly aggregateType?: string;
  readonly fromPosition: number;
  readonly toPosition: number;
  readonly dryRun: boolean;
}

/**
 * Runs a rule over the past, before it is put in force. Reads only; without `dryRun` it also raises flags for what it finds, each once however
 * often it runs, and marks nobody.
 */
export class RuleReplay implements OperationKind {
  readonly unit = 'events';

  constructor(private readonly pool: Pool, private readonly events: EventStore, private readonly rules: RuleSet) {}

  /** Makes the rule a whole declaration, and the range one of positions. */
  async prepare(given: JsonObject): Promise<JsonObject> {
    const rule = this.ruleOf(given['rule']!);
    assertType(rule, given['aggregateType']);
    const { position: head } = await this.events.head();
    const { fromPosition, toPosition, from, to } = given as { fromPosition?: number; toPosition?: number; from?: string; to?: string };
    const first = from === undefined ? 1 : 1 + await this.events.positionAt(new Date(Date.parse(from) - 1));
    const last = to === undefined ? head : await this.events.positionAt(new Date(to));
    return {
      ...given, rule: { ...rule, mode: 'flag' } as unknown as JsonObject,
      fromPosition: Math.max(1, first, fromPosition ?? 1), toPosition: Math.min(head, last, toPosition ?? head),
    };
  }

  targets({ rule }: JsonObject): readonly string[] {
    const { id, aggregateType } = rule as unknown as RuleOfType;
    return [`${REPLAY_RULE} ${aggregateType} ${id}`];
  }

  async run(context: OperationContext): Promise<JsonObject> {
    const { fromPosition, toPosition, dryRun, rule } = context.parameters as unknown as Parameters;
    const { place, ...counted } = context.saved ?? {};
    const tally = new ReplayTally(counted);
    // An aggregate's walk passes over all events of the log, a command's only over its range.
    const total = rule.kind === 'conserve' ? Math.max(0, toPosition - fromPosition + 1) : (await this.events.head()).position;
    for await (const page of this.walk(context.parameters as unknown as Parameters, place as JsonObject | undefined)) {
      context.signal.throwIfAborted();
      tally.add(page);
      await this.keep(context, page, tally, dryRun);
      context.progress(Math.min(tally.read, total), total);
    }
    return { ...tally.result(), ...(!dryRun && { flagsRaised: await countRaised(this.pool, context.id) }) };
  }

  private walk({ rule, fromPosition: from, toPosition: to }: Parameters, place: JsonObject | undefined): AsyncGenerator<WalkedPage> {
    const rules = new RuleSet([rule]);
    return rule.kind === 'conserve'
      ? walkCommands(this.pool, this.events, rules, { from, to }, place?.['position'] as number | undefined)
      : walkAggregates(this.pool, this.events, rules, { from, to, type: rule.aggregateType }, place?.['place'] as unknown as AggregatePlace | undefined);
  }

  /** A flag that was raised by a run that was cut is found again, and there already. */
  private async keep(context: OperationContext, { found, boundary }: WalkedPage, tally: ReplayTally, dryRun: boolean): Promise<void> {
    const state = boundary && { ...tally.atBoundary(), place: boundary };
    const flags: Raised[] = dryRun ? [] : [...found.before, ...found.after];
    if (flags.length === 0) return state && context.save(state, tally.read);
    await inTransaction(this.pool, async (client) => {
      await raiseFlags(client, flags, context.id);
      if (state) await context.save(state, tally.read, client);
    });
  }

  private ruleOf(rule: JsonObject[string]): RuleOfType {
    const known = this.rules.all.find(({ id }) => id === rule);
    if (known) return known;
    if (typeof rule === 'string') throw new ServiceError('VALIDATION_ERROR', `rule: there is no rule ${rule}`, { path: '/rule' });
    const parsed = CandidateRule.safeParse(rule);
    if (parsed.success) return parsed.data;
    throw validationError(parsed.error.issues.map(({ path, message }) => ({ path: ['rule', ...path], message })));
  }
}

/** @throws ServiceError VALIDATION_ERROR where the rule looks at another type than was asked for */
function assertType(rule: RuleOfType, asked: JsonObject[string] | undefined): void {
  const types = rule.kind === 'conserve' ? rule.terms.map(({ aggregateType }) => aggregateType) : [rule.aggregateType];
  if (asked === undefined || types.every((type) => type === asked)) return;
  throw new ServiceError('VALIDATION_ERROR', `aggregateType: the rule ${rule.id} looks at ${[...new Set(types)].join(', ')}`, { path: '/aggregateType' });
}
