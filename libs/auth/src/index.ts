export { Access, Authenticated, CurrentPrincipal, Public } from './access.js';
export type { AuthKey, AuthOptions } from './auth-options.js';
export { AuthModule } from './auth.module.js';
export type { TokenClaims, Verified } from './claims.js';
export { FastAccess } from './fast-access.js';
export {
  type Action, ACTIONS, authorize, PERMISSIONS, type Principal, type Role, ROLES, type Target,
} from './permissions.js';
export {
  MAX_REVOCATIONS, type NewRevocation, type Revocation, type RevocationChange, type RevocationChanges, type RevocationKind,
  type Revocations,
} from './revocation/revocations.js';
export { authOpenApiSchemas } from './revocation/revocation-schemas.js';
export type { SharedCounts } from './shared-counts.js';
export { PostgresRevocations } from './sql/postgres-revocations.js';
export { TokenVerifier } from './token-verifier.js';
export { generateSecret, signToken } from './sign-token.js';
