import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The postmaster of the data folder; throws if none runs there. */
export function postmasterOf(dataDir: string): number {
  const pid = Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
  if (!commandOf(pid).includes(dataDir)) throw new Error(`process ${pid} is not the PostgreSQL of ${dataDir}`);
  return pid;
}

/** SIGKILL of the postmaster; its children find out by themselves. */
export function killPostmaster(dataDir: string): void {
  process.kill(postmasterOf(dataDir), 'SIGKILL');
}

/** SIGKILL of the postmaster and all its children in one go: what was only in their memory is gone. */
export function killAllPostgres(dataDir: string): void {
  const postmaster = postmasterOf(dataDir);
  for (const pid of [postmaster, ...childrenOf(postmaster)]) killIfThere(pid);
}

/** SIGKILL of one process that serves a connection; the postmaster then ends the others and recovers. */
export function killBackend(dataDir: string): void {
  const backend = childrenOf(postmasterOf(dataDir)).find((pid) => commandOf(pid).includes('[local]'));
  if (backend === undefined) throw new Error('PostgreSQL serves nobody');
  process.kill(backend, 'SIGKILL');
}

function childrenOf(parent: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return all.filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number {
  const stat = told(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]); // the name before it may hold anything
}

function commandOf(pid: number): string {
  return told(pid, 'cmdline');
}

/** What /proc says of a process; nothing of one that has gone. */
export function told(pid: number, file: 'stat' | 'status' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return '';
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** The code of a system error. Node makes those outside of jest's world, where they are no instances of its `Error`. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
