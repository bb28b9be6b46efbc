import { isAggregateType } from '../protocol/channel.js';
import { readSubscribe } from '../protocol/query.js';
import type { Subscribe } from '../protocol/requests.js';

/** What follows the type on the paths that subscribe at once. */
const NAMED = { player: '', world: 'server/', economy: 'server/', combat: 'session/' } as const;

/**
 * The subscription that a path stands for: `/ws/player/{playerId}`, `/ws/world/{serverId}`, `/ws/economy/{serverId}`,
 * `/ws/combat/{sessionId}`; the query says the rest. Null for `/ws`, `undefined` for any other.
 * @throws ServiceError VALIDATION_ERROR
 */
export function subscriptionOf({ pathname, searchParams }: URL): Subscribe | null | undefined {
  if (pathname === '/ws') return null;
  const [, head, type = '', id, ...more] = pathname.split('/');
  if (head !== 'ws' || id === undefined || id === '' || more.length > 0 || !isAggregateType(type) || !(type in NAMED)) return undefined;
  return readSubscribe(`${type}/${NAMED[type as keyof typeof NAMED]}${decode(id)}`, searchParams);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
