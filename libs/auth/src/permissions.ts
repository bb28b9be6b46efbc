import { type AggregateType, ServiceError } from '@app/kernel';

/** Every action that a route can have. */
export const ACTIONS = ['read', 'write', 'delete', 'operate'] as const;
/** What a route does. `write` is update, patch and publish; `operate` is the running of the service itself. */
export type Action = (typeof ACTIONS)[number];

/** Every role, in the order of a principal's `roles`. */
export const ROLES = ['viewer', 'service', 'operator', 'admin', 'player'] as const;
/** The words in a token's `roles` claim that mean something here. */
export type Role = (typeof ROLES)[number];

/** `any` aggregate, or a player's `own` player aggregate and nothing else. */
type Scope = 'any' | 'own';

/** Who may do what, and to what. An action that is not in a role's row is not allowed to it. */
export const PERMISSIONS: Readonly<Record<Role, Readonly<Partial<Record<Action, Scope>>>>> = {
  viewer: { read: 'any' },
  service: { read: 'any', write: 'any', delete: 'any' },
  operator: { read: 'any', write: 'any', delete: 'any', operate: 'any' },
  admin: { read: 'any', write: 'any', delete: 'any', operate: 'any' },
  player: { read: 'own' },
};

/** Who is asking: the verified claims of a token. Shared between requests, so never changed. */
export interface Principal {
  /** The claim `sub`: 1 to 255 characters. */
  readonly subject: string;
  readonly roles: readonly Role[];
  /** Where set, every role is limited to these types. */
  readonly aggregateTypes?: readonly AggregateType[];
  /** The UUID of the player aggregate that the role `player` may read. */
  readonly playerId?: string;
  /** The claim `jti`. */
  readonly tokenId?: string;
}

/** What an action is aimed at. Without an id it is the whole type. */
export interface Target {
  readonly aggregateType: string;
  readonly aggregateId?: string;
}

/**
 * Returns if the principal may do the action to the target, by the rights of all its roles together (`PERMISSIONS`).
 *
 * Without a target only the roles are looked at: `aggregateTypes` has nothing to bite on, and the role `player` is
 * refused. A handler that learns its target from the body or the query calls this again with it.
 *
 * @throws ServiceError `FORBIDDEN` with details `{ action, requiredRoles }`, the roles that may do it to any aggregate.
 */
export function authorize(principal: Principal, action: Action, target?: Target): void {
  if (!permits(principal, action, target)) throw refusal(principal, action, target);
}

/** Whether `authorize` returns. Decides without making anything: it runs for every request. */
export function permits(principal: Principal, action: Action, target?: Target): boolean {
  if (isOtherType(principal, target)) return false;
  for (const role of principal.roles) {
    const scope = PERMISSIONS[role][action];
    if (scope === 'any' || (scope === 'own' && isOwn(principal, target))) return true;
  }
  return false;
}

function refusal(principal: Principal, action: Action, target?: Target): ServiceError {
  const { aggregateTypes = [], roles } = principal;
  if (isOtherType(principal, target)) {
    return forbidden(action, `this token is limited to the aggregate types ${aggregateTypes.join(', ')}`);
  }
  return roles.some((role) => PERMISSIONS[role][action] === 'own')
    ? forbidden(action, `the role player may ${action} its own player aggregate only`)
    : forbidden(action, `the action ${action} needs one of the roles ${requiredRoles(action).join(', ')}`);
}

function isOtherType({ aggregateTypes }: Principal, target?: Target): boolean {
  return target !== undefined && aggregateTypes !== undefined
    && !(aggregateTypes as readonly string[]).includes(target.aggregateType);
}

function isOwn({ playerId }: Principal, target?: Target): boolean {
  return playerId !== undefined
    && target?.aggregateType === 'player'
    && target.aggregateId?.toLowerCase() === playerId.toLowerCase();
}

function requiredRoles(action: Action): Role[] {
  return ROLES.filter((role) => PERMISSIONS[role][action] === 'any');
}

function forbidden(action: Action, message: string): ServiceError {
  return new ServiceError('FORBIDDEN', message, { action, requiredRoles: requiredRoles(action) });
}
