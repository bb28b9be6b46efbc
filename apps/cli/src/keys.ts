import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signingKey } from '@app/integrity';
import { CliError } from './cli-error.js';
import type { Environment } from './environment.js';

/** Where the key lies that was made here: outside the database, so that who can write there cannot sign. */
export function keyFile(dataDir: string): string {
  return join(dataDir, 'root-signing-key.pem');
}

/** The key that signs roots: the one given, else the one of this data folder, made at first use and readable by its owner only. */
export async function ownSigningKey({ rootSigningKey, dataDir }: Environment): Promise<KeyObject> {
  if (rootSigningKey !== undefined) return keyOf('ROOT_SIGNING_KEY', rootSigningKey, signingKey);
  const file = keyFile(dataDir);
  await mkdir(dataDir, { recursive: true });
  if (!existsSync(file)) await makeKey(file);
  return keyOf(file, await readFile(file, 'utf8'), signingKey);
}

async function makeKey(file: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined; // another process was first: its key it is
    throw error;
  });
  if (!handle) return;
  await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await handle.sync();
  await handle.close();
}

/** The public keys to verify with: those of the files named, else that of the signing key here, if there is one. */
export async function verifyingKeys(environment: Environment, files: readonly string[]): Promise<KeyObject[]> {
  if (files.length > 0) {
    return Promise.all(files.map(async (file) => keyOf(file, await readNamed(file), createPublicKey)));
  }
  const made = environment.rootSigningKey !== undefined || existsSync(keyFile(environment.dataDir));
  return made ? [createPublicKey(await ownSigningKey(environment))] : [];
}

/** A file that somebody named. */
export async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function keyOf(from: string, pem: string, read: (pem: string) => KeyObject): KeyObject {
  try {
    return read(pem);
  } catch (error) {
    throw new CliError(`${from} holds no key that roots are signed with: ${error instanceof Error ? error.message : String(error)}`);
  }
}
