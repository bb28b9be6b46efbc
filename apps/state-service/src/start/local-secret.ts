import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecret } from '@app/auth';
import { StartError } from '../config.js';

/** Where a service without a configured key keeps the secret it made. */
export function secretFile(dataDir: string): string {
  return join(dataDir, 'jwt-secret');
}

/** The secret of this data folder, made at the first start; readable by its owner only. */
export async function localSecret(dataDir: string): Promise<string> {
  const file = secretFile(dataDir);
  await mkdir(dataDir, { recursive: true });
  try {
    const handle = await open(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    await handle.writeFile(`${generateSecret()}\n`);
    await handle.sync();
    await handle.close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const secret = (await readFile(file, 'utf8')).trim();
  if (secret.length < 32) throw new StartError(`${file} holds no secret: delete it, and the next start makes a new one`);
  return secret;
}
