import type { IncomingMessage } from 'node:http';
import { requestIdOf } from './request-ids.js';

const bare = { headers: {} } as IncomingMessage;

describe('requestIdOf', () => {
  it('makes a UUID of version 4 that it never made before', () => {
    const made = Array.from({ length: 10_000 }, () => requestIdOf(bare));
    expect(new Set(made).size).toBe(made.length);
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
