import { RateLimit } from './rate-limit.js';
import { VerifiedTokens } from './verified-tokens.js';

const principal = { subject: 'someone', roles: [] };
const seconds = () => Date.now() / 1000;

describe('VerifiedTokens', () => {
  it('knows a token until it expires', async () => {
    const tokens = new VerifiedTokens();
    tokens.put('expired', { principal, expiresAt: seconds() - 1 });
    tokens.put('in half a millisecond', { principal, expiresAt: seconds() + 0.0005 });
    tokens.put('soon', { principal, expiresAt: seconds() + 0.1 });
    expect(tokens.get('expired')).toBeUndefined();
    expect(tokens.get('soon')).toBe(principal);
    const deadline = Date.now() + 5_000;
    while (tokens.get('soon') && Date.now() < deadline) await new Promise(setImmediate);
    expect(tokens.get('soon')).toBeUndefined();
    expect(tokens.get('in half a millisecond')).toBeUndefined();
  });

  it('drops the oldest of more than 16 Mi characters', () => {
    const tokens = new VerifiedTokens();
    const name = (n: number) => String(n).padStart(8_000, '0');
    for (let n = 0; n < 2_500; n += 1) tokens.put(name(n), { principal, expiresAt: seconds() + 60 });
    const kept = Array.from({ length: 2_500 }, (_, n) => n).filter((n) => tokens.get(name(n)));
    expect(kept).toHaveLength(Math.floor(16 * 1024 * 1024 / 8_512));
    expect(kept.at(-1)).toBe(2_499);
  });
});

describe('RateLimit', () => {
  it('forgets the subject that was quiet longest of more than 50,000', async () => {
    const limit = new RateLimit({ key: { kind: 'jwks', uri: 'unused' }, rateLimitPerMinute: 10 });
    const left = async (subject: string) => {
      const seen = new Map<string, string>();
      await limit.consume(subject, { header: (name, value) => seen.set(name, value) });
      return Number(/r=(\d+)/.exec(seen.get('RateLimit') ?? '')?.[1]);
    };
    expect(await left('quiet')).toBe(9);
    expect(await left('busy')).toBe(9);
    for (let n = 0; n < 49_998; n += 1) await left(`subject ${n}`);
    expect(await left('busy')).toBe(8);
    await left('one more');
    expect(await left('quiet')).toBe(9);
    expect(await left('busy')).toBe(7);
  });
});
