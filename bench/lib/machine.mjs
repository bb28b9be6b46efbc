import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What the figures were made on. Read once, at the start, so that the load average is not our own. */
export function machine() {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() || process.arch,
    cores: all.length,
    ramGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    loadAtStart: loadavg().map((load) => Number(load.toFixed(2))),
  };
}
