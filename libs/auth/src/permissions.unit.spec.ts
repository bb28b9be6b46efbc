import { AGGREGATE_TYPES, type AggregateType, ServiceError } from '@app/kernel';
import {
  type Action, ACTIONS, authorize, type Principal, type Role, ROLES, type Target,
} from './permissions.js';

const OWN = '0b7e1c52-1d2a-4c7e-9a57-6f2f7c1d0a01';
const OTHER = '0b7e1c52-1d2a-4c7e-9a57-6f2f7c1d0a02';

const principal = (roles: Role[], aggregateTypes?: AggregateType[]): Principal =>
  ({ subject: 'someone', roles, playerId: OWN, ...(aggregateTypes && { aggregateTypes }) });

function refusal(who: Principal, action: Action, target?: Target): ServiceError | undefined {
  try {
    authorize(who, action, target);
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}

const targets: [string, Target | undefined][] = [
  ['no target', undefined],
  ['its own player', { aggregateType: 'player', aggregateId: OWN }],
  ['its own player in capitals', { aggregateType: 'player', aggregateId: OWN.toUpperCase() }],
  ['another player', { aggregateType: 'player', aggregateId: OTHER }],
  ['all players', { aggregateType: 'player' }],
  ...AGGREGATE_TYPES.filter((type) => type !== 'player').map((type): [string, Target] =>
    [`a ${type} with its own id`, { aggregateType: type, aggregateId: OWN }]),
];

// Written out by hand, so that a slip in the table of the product is not copied here. r(ead) w(rite) d(elete) o(perate)
const rights: Record<Role, string> = { viewer: 'r', service: 'rwd', operator: 'rwdo', admin: 'rwdo', player: '' };
const mayOwn = 'r';
const required: Record<Action, Role[]> = {
  read: ['viewer', 'service', 'operator', 'admin'],
  write: ['service', 'operator', 'admin'],
  delete: ['service', 'operator', 'admin'],
  operate: ['operator', 'admin'],
};

const cases = ROLES.flatMap((role) => ACTIONS.flatMap((action) => targets.map(([name, target]) => {
  const letter = action.charAt(0);
  const owned = role === 'player' && name.startsWith('its own player') && mayOwn.includes(letter);
  return { role, action, name, target, allowed: rights[role].includes(letter) || owned };
})));

describe('authorize', () => {
  it.each(cases)('$role: $action on $name: $allowed', ({ role, action, target, allowed }) => {
    const refused = refusal(principal([role]), action, target);
    expect(refused?.error).toBe(allowed ? undefined : 'FORBIDDEN');
    if (refused) expect(refused.details).toEqual({ action, requiredRoles: required[action] });
  });

  it('covers every role, action and target', () => {
    expect(cases).toHaveLength(5 * 4 * 9);
    expect(cases.filter(({ allowed }) => allowed)).toHaveLength((1 + 3 + 4 + 4) * 9 + 2);
  });

  it('adds the rights of several roles up', () => {
    const both = principal(['viewer', 'player']);
    expect(refusal(both, 'read', { aggregateType: 'guild', aggregateId: OTHER })).toBeUndefined();
    expect(refusal(both, 'write', { aggregateType: 'player', aggregateId: OWN })?.error).toBe('FORBIDDEN');
    const another = { aggregateType: 'player', aggregateId: OTHER };
    expect(refusal(principal(['player', 'service']), 'delete', another)).toBeUndefined();
  });

  it('refuses everything to a token without roles', () => {
    for (const action of ACTIONS) expect(refusal(principal([]), action)?.error).toBe('FORBIDDEN');
  });

  it.each(ROLES)('limits the role %s to the types of its token', (role) => {
    const limited = principal([role], ['guild', 'world']);
    for (const aggregateType of AGGREGATE_TYPES) {
      const allowed = role !== 'player' && ['guild', 'world'].includes(aggregateType);
      expect(refusal(limited, 'read', { aggregateType, aggregateId: OWN }) === undefined).toBe(allowed);
    }
    expect(refusal(limited, 'read', { aggregateType: 'player', aggregateId: OWN })?.message)
      .toBe('this token is limited to the aggregate types guild, world');
  });

  it('refuses a target of a type that does not exist to a limited token', () => {
    expect(refusal(principal(['admin'], ['guild']), 'read', { aggregateType: 'constructor' })?.error).toBe('FORBIDDEN');
  });

  it('refuses a player without an id, also where the target has none', () => {
    const nobody: Principal = { subject: 'someone', roles: ['player'] };
    expect(refusal(nobody, 'read', { aggregateType: 'player' })?.error).toBe('FORBIDDEN');
    expect(refusal(nobody, 'read', { aggregateType: 'player', aggregateId: 'undefined' })?.error).toBe('FORBIDDEN');
  });
});
