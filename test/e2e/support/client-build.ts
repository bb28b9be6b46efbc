import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = join(__dirname, '../../..');

/** Builds the client as it is published, into libs/client/dist. */
export async function buildClient(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'libs/client/tsconfig.json'], { cwd: ROOT });
}
