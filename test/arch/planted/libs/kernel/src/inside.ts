import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

export const digest = (value: unknown): string => createHash('sha256').update(canonicalize(value) ?? '').digest('hex');
