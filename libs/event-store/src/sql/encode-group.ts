import { type AggregateRef, refKey } from '@app/kernel';
import { type EventRecord, FOLD_GENERATION } from '../writer/advance.js';
import { ArrayParameter } from './array-parameter.js';
import type { ChainRecord, StateRecord } from './chain-record.js';

/**
 * The parameters of `append_group` after the first two, in its order: one array a column of events, states and receipts.
 * @param resent every event may be in the log already
 */
export function encodeGroup(chains: readonly ChainRecord[], resent: boolean): unknown[] {
  const events = new EventColumns();
  const states = new StateColumns();
  const receipts = new ReceiptColumns();
  chains.forEach((chain, c) => {
    for (const event of chain.events) events.add(event, c, resent);
    const places = placesOfLast(chain, events.count);
    chain.states.forEach((state, i) => states.add(state, places[i]!));
    for (const receipt of chain.receipts) receipts.add(receipt, c);
  });
  return [...events.values(), ...states.values(), FOLD_GENERATION, ...receipts.values()];
}

/** For each state of the chain the place of its aggregate's last event, counted from 1, in a group that ends with the chain. */
function placesOfLast({ events, states }: ChainRecord, count: number): number[] {
  if (states.length === 1) return [count];
  const begin = count - events.length;
  const places = new Map(events.map(({ ref }, i) => [refKey(ref), begin + i + 1]));
  return states.map(({ after }) => places.get(refKey(after.ref))!);
}

class EventColumns {
  count = 0;
  private readonly chain = new ArrayParameter('int4');
  private readonly partition = new ArrayParameter('int2');
  private readonly eventId = new ArrayParameter('uuid', 4096);
  private readonly type = new ArrayParameter('text', 2048);
  private readonly id = new ArrayParameter('uuid', 4096);
  private readonly generation = new ArrayParameter('int4');
  private readonly version = new ArrayParameter('int8', 2048);
  private readonly eventType = new ArrayParameter('text', 4096);
  private readonly schemaVersion = new ArrayParameter('int2');
  private readonly data = new ArrayParameter('json', 65_536);
  private readonly ops = new ArrayParameter('json', 65_536);
  private readonly metadata = new ArrayParameter('json');
  private readonly actor = new ArrayParameter('text', 4096);
  private readonly commandKey = new ArrayParameter('text');
  private readonly correlationId = new ArrayParameter('uuid');
  private readonly causationId = new ArrayParameter('uuid');
  private readonly serverId = new ArrayParameter('text');
  private readonly playerId = new ArrayParameter('uuid');
  private readonly sessionId = new ArrayParameter('uuid');
  private readonly hlc = new ArrayParameter('int8', 2048);
  private readonly hash = new ArrayParameter('bytea', 8192);
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

class StateColumns {
  private readonly last = new ArrayParameter('int4');
  private readonly base = new ArrayParameter('int8', 2048);
  private readonly build = new ArrayParameter('int4');
  private readonly revision = new ArrayParameter('int4');
  private readonly deleted = new ArrayParameter('bool');
  private readonly data = new ArrayParameter('json', 65_536);
  private readonly checksum = new ArrayParameter('bytea', 8192);
  private readonly clocks = new ArrayParameter('json', 16_384);
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

class ReceiptColumns {
  private readonly chain = new ArrayParameter('int4');
  private readonly key = new ArrayParameter('text');
  private readonly fingerprint = new ArrayParameter('text');
  private readonly refs = new ArrayParameter('json');

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
