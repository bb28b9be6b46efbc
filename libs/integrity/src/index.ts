/** Anti-cheat: the review of what rules found. */
export { FlagFigures } from './flags/flag-figures.js';
export { integrityOpenApiSchemas } from './flags/schemas.js';
export { type IntegrityBinding, IntegrityModule } from './integrity.module.js';
/** Tamper evidence: verifying the log and its states, and signed roots over its positions. */
export type { RangeCount } from './check-aggregates.js';
export type { Finding, FindingKind } from './finding.js';
export { RootSigner, type RootSigning } from './root-signer.js';
export { RootsChanged, RootWitness } from './root-witness.js';
export { fromLines, keyId, type RootKeys, signingKey, type StoredRoot, toLine } from './root.js';
export { NotSignable, type SignOptions, signRoots } from './sign-roots.js';
export type { IdRange } from './sql/aggregate-pages.js';
export { countEvents } from './sql/log-pages.js';
export { beginAt, BEGIN_FROZEN, exportSnapshot } from './sql/raw.js';
export { storedRoots } from './sql/roots.js';
export { checkerOn, DEFAULT_LIMIT, type RangeChecker, splitIds, type Verification, verify, type VerifyOptions, verifyWith } from './verify.js';
