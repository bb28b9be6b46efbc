import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { ensureProgram } from './debian-package.mjs';

const PACKAGE = 'redis-server';
/** Debian asks this program whether a package may start its service; 101 is no. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs Redis where there is none: part of jest's global setup. @throws Error naming the two ways to get one */
export function ensureRedisServer() {
  ensureProgram(PACKAGE, { elsewhere: 'brew install redis', around: withoutStartingServices });
}

/** The package would leave a Redis of its own running on 6379, now and after each boot. Nobody asked for that. */
function withoutStartingServices(work) {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (ours) rmSync(POLICY);
    if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', '--now', PACKAGE]);
  }
}
