import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { StartError } from '../config.js';
import type { CreateService, Service } from '../start/service.js';
import { Gathering } from './gathering.js';
import { Handovers } from './handovers.js';
import type { Assignment, Order, Word } from './messages.js';
import { Pauses } from './pauses.js';

/** More than a worker takes at most; it is killed then. */
const CLOSE_WITHIN_MS = 9_200;

interface Member {
  readonly worker: Worker;
  /** What it was told to listen on. */
  port: number;
  readonly bornAt: number;
  ready: boolean;
}

/**
 * The workers of one instance, seen by the primary. They share the port, each is a whole instance of the service, and
 * none is special. One that dies is started again; if they cannot even start at first, that is the end.
 */
class Crew implements Service {
  private readonly members = new Map<number, Member>();
  private readonly gathering = new Gathering(() => [...this.members.values()].filter(({ ready }) => ready).map(({ worker }) => worker));
  private readonly handovers = new Handovers();
  private readonly pauses = new Pauses();
  private readonly restarts = new Set<NodeJS.Timeout>();
  private phase: 'starting' | 'running' | 'closing' = 'starting';
  private hasFailed = false;
  private url = '';
  /** Where they listen: with port 0, known from the first that does. */
  private port: number;
  private changed: () => void = () => undefined;
  private giveUp: (error: Error) => void = () => undefined;

  constructor(private readonly size: number, private readonly assignment: Assignment) {
    this.port = assignment.port;
    cluster.schedulingPolicy = cluster.SCHED_RR; // measured: docs/decisions/0009
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker.js', import.meta.url)), args: [],
      serialization: 'advanced', // JSON would make null of a NaN among the metrics
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.giveUp = reject;
      this.changed = () => {
        if ([...this.members.values()].filter(({ ready }) => ready).length === this.size) resolve();
      };
      for (let i = 0; i < this.size; i += 1) this.fork();
    });
    if (this.phase === 'starting') this.phase = 'running';
    return this.url;
  }

  /** All drain at once. Rejects if one had to be cut. */
  async close(): Promise<void> {
    const hasServed = this.phase === 'running';
    this.phase = 'closing';
    this.giveUp = () => undefined;
    this.handovers.end();
    for (const timer of this.restarts) clearTimeout(timer);
    this.hasFailed = false;
    const cut = setTimeout(() => {
      for (const { worker } of this.members.values()) worker.process.kill('SIGKILL');
    }, CLOSE_WITHIN_MS);
    await new Promise<void>((resolve) => {
      this.changed = () => {
        if (this.members.size === 0) resolve();
      };
      for (const { worker } of this.members.values()) order(worker, { kind: 'drain' });
      this.changed();
    });
    clearTimeout(cut);
    if (hasServed && this.hasFailed) throw new Error('not every worker could answer what it had taken');
  }

  private fork(): void {
    const worker = cluster.fork();
    this.handovers.watch(worker);
    const member: Member = { worker, port: this.port, bornAt: performance.now(), ready: false };
    this.members.set(worker.id, member);
    worker.on('message', (word: Word) => this.hear(member, word));
    worker.once('exit', (code, signal) => this.buried(member, signal ?? `code ${code}`, code === 0));
    worker.on('error', () => undefined); // a channel that broke: its exit follows
  }

  private hear(member: Member, word: Word): void {
    switch (word.kind) {
      case 'present':
        return this.assign(member);
      case 'ready':
        return this.welcome(member, word);
      case 'failed':
        if (this.phase === 'starting') return this.giveUp(new StartError(word.line));
        // Several fail of the same, and the first one has said it.
        return this.phase === 'running' ? say(word.line) : undefined;
      case 'gather':
        return this.gathering.begin(member.worker, word.id, word.figure);
      case 'reported':
        return this.gathering.take(member.worker, word.id, word.report);
    }
  }

  /** While one listens, port 0 means the port they share; when all are gone, it would be another one. */
  private assign(member: Member): void {
    member.port = [...this.members.values()].find(({ ready }) => ready)?.port ?? this.port;
    order(member.worker, { kind: 'assigned', assignment: { ...this.assignment, port: member.port } });
    if (this.phase === 'closing') order(member.worker, { kind: 'drain' });
  }

  private welcome(member: Member, { url, port }: Extract<Word, { kind: 'ready' }>): void {
    if (this.port !== 0 && this.port !== port) {
      member.worker.process.kill('SIGKILL'); // the last one it shared a port with died meanwhile; the next one is told
      return;
    }
    member.ready = true;
    this.url = url;
    this.port = port;
    this.changed();
  }

  private buried({ worker, bornAt }: Member, how: string, isClean: boolean): void {
    this.members.delete(worker.id);
    this.gathering.gone(worker);
    this.hasFailed ||= !isClean;
    const end = `Worker ${worker.process.pid} ended (${how})`;
    if (this.phase === 'starting') this.giveUp(new StartError(`${end} before it was ready`));
    else if (this.phase === 'running') this.replace(end, performance.now() - bornAt);
    this.changed();
  }

  private replace(end: string, livedMs: number): void {
    const pauseMs = this.pauses.after(livedMs);
    say(`${end}; another one starts${pauseMs > 0 ? ` in ${pauseMs} ms` : ''}`);
    this.gathering.restarted();
    const timer = setTimeout(() => {
      this.restarts.delete(timer);
      this.fork();
    }, pauseMs);
    this.restarts.add(timer);
  }
}

export const createService: CreateService = async ({ port, databaseUrl, jwtKey, workers }, { startedAt }) =>
  new Crew(workers, { port, databaseUrl, jwtKey, startedAt });

function order(worker: Worker, message: Order): void {
  // One that has just died does not get it; its exit is on the way.
  worker.send(message, () => undefined);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
