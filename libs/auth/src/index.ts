export { Access, CurrentPrincipal, Public } from './access.js';
export type { AuthKey, AuthOptions } from './auth-options.js';
export { AuthModule } from './auth.module.js';
export type { TokenClaims } from './claims.js';
export {
  type Action, ACTIONS, authorize, PERMISSIONS, type Principal, type Role, ROLES, type Target,
} from './permissions.js';
export { generateSecret, signToken } from './sign-token.js';
