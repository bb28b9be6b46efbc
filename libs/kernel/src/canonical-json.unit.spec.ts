import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalJson, sha256Hex } from './canonical-json.js';
import vectors from './fixtures/rfc8785-vectors.json';

/** Any JSON value; without -0, which RFC 8785 writes as 0. */
const anyJson = fc.jsonValue({ stringUnit: 'binary', maxDepth: 6, noUnicodeString: false } as fc.JsonSharedConstraints);
