// Ten thousand sessions and the writes that they hear of: one process, so that all times are of one clock.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { spread } from '../lib/stats.mjs';
import { LiveSocket } from './live-socket.mjs';
import { Receipts } from './live-receipts.mjs';
import { LiveWriter } from './live-writer.mjs';

/** Sessions that connect or subscribe at a time. */
const AT_A_TIME = 64;
const OPEN_LOOP_CONNECTIONS = 32;
const PATIENCE_MS = 15_000;
/** Between two broadcasts, so that what one leaves behind is done before the next. */
const REST_MS = 10;

/** @param {{ port: number, tokens: string[] }} options each token of a subject of its own */
export async function open({ port, tokens }) {
  const groups = new Map();
  const receipts = new Receipts();
  const bystander = { changed: () => undefined, read: () => undefined, closed: (why) => receipts.closed(why) };
  const heard = () => [...groups.values()].reduce((sum, { sockets, counts }) => sum + (counts ? sockets.length : 0), 0);
  const timed = async (work) => {
    const [cpu, begun] = [process.cpuUsage(), performance.now()];
    const result = await work();
    const { user, system } = process.cpuUsage(cpu);
    const ms = performance.now() - begun;
    return { ...result, ms, cores: (user + system) / 1000 / ms };
  };
  const writing = (connections, work) => LiveWriter.using({ port, token: tokens[0], connections }, (writer) => timed(async () => ({ ...await work(writer), refused: writer.refused })));
  return {
    /** One session for each list of channels. @param {{ group: string, channels: string[][], counts?: boolean }} of `counts`: whether what they get is measured */
    connect: ({ group, channels, counts = true }) => timed(async () => {
      const sockets = [];
      groups.set(group, { sockets, counts });
      await inTurn(channels, async (wanted, i) => {
        const socket = new LiveSocket({ port, token: tokens[i % tokens.length], listener: counts ? receipts : bystander });
        sockets.push(socket);
        await socket.opened();
        if (wanted.length > 0) await socket.subscribe(wanted);
      });
    }),
    async subscribe({ group, channels }) {
      await inTurn(groups.get(group).sockets, (socket) => socket.subscribe(channels));
    },
    /** They read no more, and whether they end is nobody's business. */
    async stop({ group }) {
      for (const socket of groups.get(group).sockets) socket.stop();
    },
    /** The first ones of a group go. */
    async leave({ group, count }) {
      for (const socket of groups.get(group).sockets.splice(0, count)) socket.close();
    },
    async close({ group }) {
      for (const socket of groups.get(group)?.sockets ?? []) socket.close();
      groups.delete(group);
    },
    /** So many writes, one after another. */
    writes: ({ times, events }) => writing(1, async (writer) => {
      for (let i = 0; i < times; i += 1) await writer.events(events);
    }),
    /** So many broadcasts one after another, each once the one before it reached everybody; the times are from its first receipt to its last. */
    broadcasts: ({ times, changes, events }) => writing(1, async (writer) => {
      const spans = [];
      let reads = 0;
      const expected = heard() * changes;
      for (let i = 0; i < times; i += 1) {
        receipts.begin({ expected });
        const all = receipts.all(PATIENCE_MS);
        await Promise.all([events ? writer.events(events) : writer.broadcast({ changes }), all]);
        spans.push(receipts.span);
        reads += receipts.reads;
        await sleep(REST_MS);
      }
      return { ...spread(spans), reads: reads / times / heard(), sample: receipts.sample };
    }),
    /** Events at a given rate, whatever comes back (open loop); times are from commit to receipt. `ids` get theirs in turn. */
    steady: ({ rate, seconds, type, ids, receivers = heard() }) => writing(OPEN_LOOP_CONNECTIONS, async (writer) => {
      const total = Math.round(rate * seconds);
      receipts.begin({ expected: total * receivers, isTimed: true });
      const all = receipts.all(seconds * 1000 + PATIENCE_MS);
      await Promise.all([all, offer({ rate, total }, (i) => writer.events({ type, ids: [ids[i % ids.length]] }))]);
      return { rate: receipts.changes / seconds, ...spread(receipts.took) };
    }),
  };
}

/** Goes through all of them, a few at a time. */
async function inTurn(all, one) {
  let next = 0;
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    while (next < all.length) {
      const i = next++;
      await one(all[i], i);
    }
  }));
}

/** Begins `total` calls, each at its time; the first that fails ends it. */
async function offer({ rate, total }, begin) {
  const begun = performance.now();
  const calls = [];
  let failure;
  while (calls.length < total && !failure) {
    await sleep(1);
    const due = Math.min(total, Math.ceil((performance.now() - begun) * rate / 1000));
    while (calls.length < due) calls.push(begin(calls.length).catch((error) => { failure ??= error; }));
  }
  await Promise.all(calls);
  if (failure) throw new Error(failure.message);
}
