import type { Principal } from '@app/auth';
import type { FastifyRequest } from 'fastify';
import { contextOf } from './context.js';

const principal: Principal = { subject: 'arena-1', roles: ['service'] };
const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331', sampled: true };
const HEADER_ID = '11111111-1111-4111-8111-111111111111';
const BODY_ID = '22222222-2222-4222-8222-222222222222';

const found = (what: object) => what as FastifyRequest;

describe('contextOf', () => {
  it('is the actor alone where nothing else is known', () => {
    expect(contextOf(found({}), principal, {})).toEqual({ actor: 'arena-1' });
  });

  it('keeps what the body says', () => {
    const given = { causationId: BODY_ID, serverId: 's1', playerId: BODY_ID, sessionId: HEADER_ID, metadata: { a: 1 } };
    expect(contextOf(found({}), principal, given)).toEqual({ actor: 'arena-1', ...given });
  });

  it.each([
    ['the body', BODY_ID, { trace, correlationId: HEADER_ID }, BODY_ID],
    ['the header', undefined, { trace, correlationId: HEADER_ID }, HEADER_ID],
    ['the trace', undefined, { trace }, '0af76519-16cd-43dd-8448-eb211c80319c'],
    ['nowhere', undefined, {}, undefined],
  ])('has the correlation id from %s', (_where, correlationId, request, expected) => {
    expect(contextOf(found(request), principal, { correlationId }).correlationId).toBe(expected);
  });

  it('adds trace and user to the metadata, over what a client made up', () => {
    const given = { userId: BODY_ID, metadata: { userId: 'root', traceparent: 'x', kept: [1] } };
    expect(contextOf(found({ trace }), principal, given).metadata).toEqual({
      kept: [1], userId: BODY_ID, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(contextOf(found({ trace: { ...trace, sampled: false } }), principal, {}).metadata).toEqual({
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
    });
    expect(given.metadata).toEqual({ userId: 'root', traceparent: 'x', kept: [1] });
  });

  it('lets nobody name another actor', () => {
    const forged = { actor: 'root' } as object;
    expect(contextOf(found({}), principal, forged).actor).toBe('arena-1');
  });
});
