import { type AggregateRef, refKey } from '@app/kernel';
import { type EventRecord, FOLD_GENERATION } from '../writer/advance.js';
import { ArrayParameter, type ArrayType } from './array-parameter.js';
import type { ChainRecord, StateRecord } from './chain-record.js';

/**
 * The parameters of `append_group` after the first two, in its order: one array a column of events, states and receipts.
 * @param resent every event may be in the log already
 */
export function encodeGroup(chains: readonly ChainRecord[], resent: boolean): unknown[] {
  const events = new EventColumns(countOf(chains, 'events'));
  const states = new StateColumns(countOf(chains, 'states'));
  const receipts = new ReceiptColumns(countOf(chains, 'receipts'));
  chains.forEach((chain, c) => {
    for (const event of chain.events) events.add(event, c, resent);
    const places = placesOfLast(chain, events.count);
    chain.states.forEach((state, i) => states.add(state, places[i]!));
    for (const receipt of chain.receipts) receipts.add(receipt, c);
  });
  return [...events.values(), ...states.values(), FOLD_GENERATION, ...receipts.values()];
}

function countOf(chains: readonly ChainRecord[], what: keyof ChainRecord): number {
  return chains.reduce((sum, chain) => sum + chain[what].length, 0);
}

/** For each state of the chain the place of its aggregate's last event, counted from 1, in a group that ends with the chain. */
function placesOfLast({ events, states }: ChainRecord, count: number): number[] {
  if (states.length === 1) return [count];
  const begin = count - events.length;
  const places = new Map(events.map(({ ref }, i) => [refKey(ref), begin + i + 1]));
  return states.map(({ after }) => places.get(refKey(after.ref))!);
}

class Columns {
  /** @param expected values in each, if every row has one */
  constructor(private readonly expected: number) {}

  protected column(type: ArrayType): ArrayParameter {
    return new ArrayParameter(type, this.expected);
  }
}

class EventColumns extends Columns {
  count = 0;
  private readonly chain = this.column('int4');
  private readonly partition = this.column('int2');
  private readonly eventId = this.column('uuid');
  private readonly type = this.column('text');
  private readonly id = this.column('uuid');
  private readonly generation = this.column('int4');
  private readonly version = this.column('int8');
  private readonly eventType = this.column('text');
  private readonly schemaVersion = this.column('int2');
  private readonly data = this.column('json');
  private readonly ops = this.column('json');
  private readonly metadata = new ArrayParameter('json');
  private readonly actor = this.column('text');
  private readonly commandKey = new ArrayParameter('text');
  private readonly correlationId = new ArrayParameter('uuid');
  private readonly causationId = new ArrayParameter('uuid');
  private readonly serverId = new ArrayParameter('text');
  private readonly playerId = new ArrayParameter('uuid');
  private readonly sessionId = new ArrayParameter('uuid');
  private readonly hlc = this.column('int8');
  private readonly hash = this.column('bytea');
  private readonly suspects: number[] = [];

  add(event: EventRecord, chain: number, resent: boolean): void {
    const { draft, text } = event;
    this.count += 1;
    if (resent || draft.eventId !== undefined) this.suspects.push(this.count);
    this.chain.addInteger(chain);
    this.partition.addInteger(event.partition);
    this.eventId.addUuid(event.eventId);
    this.addRef(event.ref);
    this.generation.addInteger(event.generation);
    this.version.addInteger(event.version);
    this.eventType.addText(draft.type);
    this.schemaVersion.addInteger(draft.schemaVersion);
    this.data.addText(text.data);
    this.ops.addText(text.ops);
    this.metadata.addText(text.metadata);
    this.hlc.addBigInt(event.hlc);
    this.hash.addHex(event.hash);
    this.addContext(event);
  }

  private addRef(ref: AggregateRef): void {
    this.type.addText(ref.type);
    this.id.addUuid(ref.id);
  }

  private addContext({ context, commandKey }: EventRecord): void {
    this.actor.addText(context.actor);
    this.commandKey.addText(commandKey);
    this.correlationId.addUuid(context.correlationId);
    this.causationId.addUuid(context.causationId);
    this.serverId.addText(context.serverId);
    this.playerId.addUuid(context.playerId);
    this.sessionId.addUuid(context.sessionId);
  }

  values(): unknown[] {
    return [
      ...[this.chain, this.partition, this.eventId, this.type, this.id, this.generation, this.version, this.eventType,
        this.schemaVersion, this.data, this.ops, this.metadata, this.actor, this.commandKey, this.correlationId,
        this.causationId, this.serverId, this.playerId, this.sessionId, this.hlc, this.hash].map((column) => column.value()),
      this.suspects.length > 0 ? this.suspects : null,
    ];
  }
}

class StateColumns extends Columns {
  private readonly last = this.column('int4');
  private readonly base = this.column('int8');
  private readonly build = this.column('int4');
  private readonly revision = this.column('int4');
  private readonly deleted = this.column('bool');
  private readonly data = this.column('json');
  private readonly checksum = this.column('bytea');
  private readonly clocks = this.column('json');
  private readonly memory = new ArrayParameter('json');

  add({ base, after, frozen, memory }: StateRecord, last: number): void {
    this.last.addInteger(last);
    this.base.addInteger(base);
    this.build.addInteger(after.build?.number ?? 0);
    this.revision.addInteger(after.build?.revision ?? 0);
    this.deleted.addBoolean(after.deleted);
    this.data.addText(frozen.data);
    this.checksum.addHex(frozen.checksum);
    this.clocks.addText(frozen.clocks);
    this.memory.addText(memory);
  }

  values(): unknown[] {
    return [this.last, this.base, this.build, this.revision, this.deleted, this.data, this.checksum, this.clocks, this.memory]
      .map((column) => column.value());
  }
}

class ReceiptColumns extends Columns {
  private readonly chain = this.column('int4');
  private readonly key = this.column('text');
  private readonly fingerprint = this.column('text');
  private readonly refs = this.column('json');

  add({ key, fingerprint, refs }: ChainRecord['receipts'][number], chain: number): void {
    this.chain.addInteger(chain);
    this.key.addText(key);
    this.fingerprint.addText(fingerprint);
    this.refs.addText(JSON.stringify(refs));
  }

  values(): unknown[] {
    return [this.chain, this.key, this.fingerprint, this.refs].map((column) => column.value());
  }
}
