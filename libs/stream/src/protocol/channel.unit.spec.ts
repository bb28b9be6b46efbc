import { randomUUID } from 'node:crypto';
import { AGGREGATE_TYPES, type StoredEvent } from '@app/kernel';
import fc from 'fast-check';
import { channelsOf, parseChannel } from './channel.js';

const ID = '0A1B2C3D-0000-4000-8000-00000000000F';
const LOWER = ID.toLowerCase();

describe('the name of a channel', () => {
  it.each([
    [`player/${ID}`, { name: `player/${LOWER}`, type: 'player', id: LOWER }], ['world/*', { name: 'world/*', type: 'world' }],
    ['server/eu', { name: 'server/eu', serverId: 'eu' }], ['server/a/b', { name: 'server/a/b', serverId: 'a/b' }],
    ['world/server/a/b', { name: 'world/server/a/b', type: 'world', serverId: 'a/b' }],
    [`operations/${ID}`, { name: `operations/${LOWER}`, operationId: LOWER }],
    [`combat/session/${ID}`, { name: `combat/session/${LOWER}`, type: 'combat', sessionId: LOWER }],
  ])('%s', (name, channel) => expect(parseChannel(name)).toEqual(channel));

  it.each([
    '', '/', 'player', 'player/', 'player/me', `player/${ID}/x`, 'player/*/x', '*/*', 'nobody/*', 'server', 'server/', 'world/server', 'world/server/',
    'operations', 'operations/*', 'operations/x', `operations/${ID}/x`, 'combat/session', 'combat/session/x', `session/${ID}`, `Player/${ID}`, ` player/${ID}`, `player/${ID}\n`, `server/${'x'.repeat(294)}`,
  ])('%j is none', (name) => expect(parseChannel(name)).toBeUndefined());

  it('is what an event is told on: each of its names is a channel, under that name', () => {
    const some = fc.record({
      type: fc.constantFrom(...AGGREGATE_TYPES), id: fc.constant(null).map(() => randomUUID()),
      serverId: fc.option(fc.string({ minLength: 1, maxLength: 64 }), { nil: undefined }), sessionId: fc.option(fc.uuid(), { nil: undefined }),
    });
    fc.assert(fc.property(some, ({ type, id, serverId, sessionId }) => {
      const names = channelsOf({ ref: { type, id }, context: { serverId, sessionId } } as unknown as StoredEvent);
      expect(names).toHaveLength(2 + (serverId === undefined ? 0 : 2) + (sessionId === undefined ? 0 : 1));
      expect(names.map((name) => parseChannel(name)?.name)).toEqual(names);
    }));
  });
});
