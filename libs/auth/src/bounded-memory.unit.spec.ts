import { randomBytes } from 'node:crypto';
import type { AuthKey } from './index.js';
import { RateLimit } from './rate-limit.js';
import { VerifiedTokens } from './verified-tokens.js';

const principal = { subject: 'someone', roles: [] };
const seconds = () => Date.now() / 1000;
const secret: AuthKey = { kind: 'secret', secret: 'not looked at' };
const keySet: AuthKey = { kind: 'jwks', uri: 'not looked at' };
const verified = (lifetime: number) => ({ principal, expiresAt: seconds() + lifetime });
const token = () => randomBytes(32).toString('base64url');

describe('VerifiedTokens', () => {
  afterEach(() => { jest.restoreAllMocks(); });
  const clock = (milliseconds: number) => {
    const now = Date.now() + milliseconds;
    jest.spyOn(Date, 'now').mockReturnValue(now);
  };

  it.each([
    ['a fixed key, until it expires', secret, 3_599, 3_601],
    ['a key set, for 60 s', keySet, 59, 61],
  ])('knows a token by %s', (_name, key, in_, out) => {
    const tokens = new VerifiedTokens({ key });
    const [long, expired, soon] = [token(), token(), token()];
    tokens.put(long, verified(3_600));
    tokens.put(expired, verified(-1));
    tokens.put(soon, verified(2));
    expect(tokens.get(long)?.principal).toBe(principal);
    expect(tokens.get(soon)?.principal).toBe(principal);
    expect(tokens.get(expired)).toBeUndefined();
    clock(in_ * 1000);
    expect(tokens.get(long)?.principal).toBe(principal);
    expect(tokens.get(soon)).toBeUndefined();
    clock((out - in_) * 1000);
    expect(tokens.get(long)).toBeUndefined();
  });

  it('knows a token as a whole: one that differs in any character is another one', () => {
    const tokens = new VerifiedTokens({ key: secret });
    const known = token();
    tokens.put(known, verified(60));
    const header = `Bearer ${known}`;
    expect(tokens.find(header)?.principal).toBe(principal);
    for (let at = 0; at < header.length; at += 1) {
      // U+0141 has the low byte of an A: a comparison of truncated characters would take it for one.
      for (const other of ['~', String.fromCharCode(header.charCodeAt(at) + 0x100)]) {
        expect(tokens.find(header.slice(0, at) + other + header.slice(at + 1))).toBeUndefined();
      }
    }
    for (const other of [known, `${header} `, ` ${header}`, header.slice(0, -1), header.slice(-12), '']) {
      expect(tokens.find(other)).toBeUndefined();
    }
    expect(tokens.find(header)?.principal).toBe(principal);
  });

  it('drops the one that was quiet longest of more than 16 MiB', () => {
    const tokens = new VerifiedTokens({ key: secret });
    const name = (n: number) => String(n).padStart(8_000, '0');
    for (let n = 0; n < 2_500; n += 1) tokens.put(name(n), verified(60));
    const kept = Array.from({ length: 2_500 }, (_, n) => n).filter((n) => tokens.get(name(n)));
    expect(kept).toHaveLength(Math.floor(16 * 1024 * 1024 / (8_007 + 768)));
    expect(kept.at(-1)).toBe(2_499);
  });
});

describe('RateLimit', () => {
  afterEach(() => { jest.restoreAllMocks(); });

  it('forgets the subject that was quiet longest of more than 50,000', () => {
    jest.spyOn(Date, 'now').mockReturnValue(0);
    const limit = new RateLimit({ rateLimitPerMinute: 10 });
    const left = (subject: string) => {
      const seen = new Map<string, string>();
      limit.consume(subject, { header: (name, value) => seen.set(name, value) });
      return Number(/r=(\d+)/.exec(seen.get('RateLimit') ?? '')?.[1]);
    };
    expect(left('quiet')).toBe(9);
    expect(left('busy')).toBe(9);
    for (let n = 0; n < 49_998; n += 1) left(`subject ${n}`);
    expect(left('busy')).toBe(8);
    left('one more');
    expect(left('quiet')).toBe(9);
    expect(left('busy')).toBe(7);
  });
});
