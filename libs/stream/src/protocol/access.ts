import { authorize, type Principal } from '@app/auth';
import { ServiceError } from '@app/kernel';
import { type Channel, parseChannel } from './channel.js';

/**
 * The channel of that name, if the principal may read it.
 * @throws ServiceError VALIDATION_ERROR, FORBIDDEN
 */
export function authorizeChannel(principal: Principal, name: string): Channel {
  const channel = parseChannel(name);
  if (!channel) throw new ServiceError('VALIDATION_ERROR', `there is no channel ${JSON.stringify(name)}`, { field: 'channel' });
  const { type, id, operationId } = channel;
  if (operationId !== undefined) authorize(principal, 'operate');
  else if (type === undefined) authorize(principal, 'read');
  else authorize(principal, 'read', id === undefined ? { aggregateType: type } : { aggregateType: type, aggregateId: id });
  return channel;
}
