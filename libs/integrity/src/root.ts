import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, sha256Hex } from '@app/kernel';
import { z } from 'zod';

/** Positions that one root covers at most. */
export const POSITIONS_A_ROOT = 10_000;

/** What stands before the first root of a partition. */
export const NO_ROOT = '0'.repeat(64);

/** What the signature keeps apart from all else that the key might sign. */
const DOMAIN = 'global-state-service log root v1\n';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.number().int().positive();

const Statement = z.strictObject({
  v: z.literal(1), partition: z.number().int().min(0), number: whole, first: whole, last: whole, root: hex, marks: hex, previous: hex,
  signedAt: z.string(), key: z.string(),
}).refine(({ first, last }) => last >= first && last - first < POSITIONS_A_ROOT);

/** What a root says: the Merkle root over positions `first` to `last`, and the root before it. */
export type RootStatement = z.output<typeof Statement>;

/** A root as the table and the files have it. */
export interface StoredRoot {
  readonly partition: number;
  readonly number: number;
  /** Canonical JSON of the statement: the signed bytes. */
  readonly statement: string;
  readonly marks: Buffer;
  readonly signature: Buffer;
}

/** The name of a key: the start of the SHA-256 of its public part (SPKI). */
export function keyId(key: KeyObject): string {
  const shared = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256').update(shared.export({ type: 'spki', format: 'der' })).digest('hex').slice(0, 16);
}

/** Signs a statement with Ed25519. */
export function signRoot(statement: RootStatement, marks: Buffer, key: KeyObject): StoredRoot {
  const text = canonicalJson(statement);
  return {
    partition: statement.partition, number: statement.number, statement: text, marks, signature: sign(null, signedBytes(text), key),
  };
}

/** Public keys that roots may be signed with; `unchecked`: there is none at hand, so a signature says nothing. */
export type RootKeys = readonly KeyObject[] | 'unchecked';

/** What a root says, or in one sentence why it says nothing. */
export function readRoot(root: StoredRoot, keys: RootKeys): RootStatement | string {
  const { data, success } = Statement.safeParse(parsed(root.statement));
  if (!success) return 'its statement is none';
  if (keys !== 'unchecked') {
    const key = keys.find((each) => keyId(each) === data.key);
    if (!key) return `it is signed with the key ${data.key}, which is not one of those that were given`;
    if (!verify(null, signedBytes(root.statement), key, root.signature)) return 'its signature does not fit its statement';
  }
  if (data.partition !== root.partition || data.number !== root.number) return 'it is not in its place';
  if (marksDigest(root.marks) !== data.marks) return 'its marks are not those that were signed';
  return data;
}

export function marksDigest(marks: Buffer): string {
  return createHash('sha256').update(marks).digest('hex');
}

/** A root as it is remembered: its number and `rootDigest`. */
export interface SeenRoot {
  readonly number: number;
  readonly digest: string;
}

/** By which a root names the one before it. */
export function rootDigest(root: StoredRoot): string {
  return sha256Hex(root.statement);
}

const Line = z.strictObject({
  partition: z.number().int(), number: z.number().int(), statement: z.string(), marks: z.base64(), signature: z.base64(),
});

/** A root as one line of a file. */
export function toLine(root: StoredRoot): string {
  return JSON.stringify({ ...root, marks: root.marks.toString('base64'), signature: root.signature.toString('base64') });
}

/**
 * The roots of a file that `toLine` made line by line.
 * @throws Error naming the line that is no root
 */
export function fromLines(text: string): StoredRoot[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const { data, success } = Line.safeParse(parsed(line));
    if (!success) throw new Error(`line ${i + 1} is no root`);
    return [{ ...data, marks: Buffer.from(data.marks, 'base64'), signature: Buffer.from(data.signature, 'base64') }];
  });
}

/**
 * A private key from its PEM.
 * @throws Error if it is not one of Ed25519
 */
export function signingKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`roots are signed with an Ed25519 key, not ${key.asymmetricKeyType}`);
  return key;
}

function signedBytes(statement: string): Buffer {
  return Buffer.from(DOMAIN + statement);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON is no statement: the schema says so
  }
}
