import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Installs a program that tests need, where it is missing: as root on Debian or Ubuntu.
 * @param program its name on the PATH
 * @param around is given the installing to do, for what has to surround it
 * @returns where it is
 * @throws Error naming the two ways to get one
 */
export function ensureProgram(program, { packageName = program, elsewhere, around = (work) => work() }) {
  const there = pathOf(program);
  if (there) return there;
  const twoWays = `These tests need ${program} on the PATH: install it yourself (apt-get install ${packageName}, ${elsewhere}), or run the `
    + 'tests as root on Debian or Ubuntu, where they install it by themselves';
  if (process.getuid?.() !== 0 || !pathOf('apt-get')) throw new Error(twoWays);
  process.stderr.write(`Installing ${packageName} (there is no ${program} on the PATH) ...\n`);
  around(() => {
    const said = install(packageName);
    if (!pathOf(program)) throw new Error(`${said}\nInstalling ${packageName} failed. ${twoWays}`);
  });
  return pathOf(program);
}

/** The lists of packages may be missing (as in a fresh container) or old, so a failure is tried again with new ones. */
function install(packageName) {
  const first = aptGet('install', '--no-install-recommends', packageName);
  if (first.status === 0) return first.said;
  const update = aptGet('update');
  const second = aptGet('install', '--no-install-recommends', packageName);
  return [first, update, second].map(({ said }) => said).join('\n');
}

function aptGet(...args) {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-y', '-q', ...args], {
    encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return { status, said: `apt-get ${args.join(' ')}\n${stdout}${stderr}` };
}

function pathOf(program) {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
