import { ERROR_STATUS, ServiceError } from './errors.js';

describe('ServiceError', () => {
  it('has a stable upper-snake word for every refusal, with a status that refuses', () => {
    for (const [word, status] of Object.entries(ERROR_STATUS)) {
      expect(word).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThanOrEqual(503);
    }
  });

  it.each([
    ['VALIDATION_ERROR', 400], ['STATE_NOT_FOUND', 404], ['VERSION_CONFLICT', 409], ['PRECONDITION_FAILED', 412],
    ['UNSUPPORTED_MEDIA_TYPE', 415], ['INVALID_OPERATION', 422], ['RULE_VIOLATION', 422], ['EVENT_ID_REUSED', 422],
    ['IDEMPOTENCY_KEY_REUSED', 422], ['RATE_LIMITED', 429], ['SERVICE_UNAVAILABLE', 503],
  ] as const)('%s is %i, as clients were promised', (word, status) => {
    expect(new ServiceError(word, 'why').status).toBe(status);
  });

  it('carries what the client is told and is an Error to everyone else', () => {
    const error = new ServiceError('SERVICE_UNAVAILABLE', 'too many wait', { waiting: 3 }, 2);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ServiceError', error: 'SERVICE_UNAVAILABLE', message: 'too many wait', details: { waiting: 3 },
      retryAfterSeconds: 2,
    });
    expect(error.stack).toContain('errors.unit.spec');
  });

  it('has neither details nor a time to retry unless it was given them', () => {
    const error = new ServiceError('FORBIDDEN', 'no');
    expect(error.details).toBeUndefined();
    expect(error.retryAfterSeconds).toBeUndefined();
  });
});
