import { ServiceError } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AUTH_OPTIONS, type AuthOptions } from './auth-options.js';

const WINDOW_S = 60;
/** Of the subjects seen within a window, the ones beyond this that were quiet longest are forgotten. About 30 MB. */
const MAX_SUBJECTS = 50_000;

interface HeaderSink {
  header(name: string, value: string): unknown;
}

/** Counts each subject's requests in windows of 60 s, in this process. */
@Injectable()
export class RateLimit {
  private readonly limiter: RateLimiterMemory;
  private readonly policy: string;
  private readonly isOff: boolean;
  /** The limiter's own map has no bound. */
  private readonly subjects = new LRUCache<string, true>({
    max: MAX_SUBJECTS,
    dispose: (_seen, subject) => void this.limiter.delete(subject),
  });

  constructor(@Inject(AUTH_OPTIONS) { rateLimitPerMinute }: AuthOptions) {
    if (!Number.isSafeInteger(rateLimitPerMinute) || rateLimitPerMinute < 0) {
      throw new Error('the rate limit must be a whole number of requests a minute, or 0 for none');
    }
    this.isOff = rateLimitPerMinute === 0;
    this.policy = `"default";q=${rateLimitPerMinute};w=${WINDOW_S}`;
    this.limiter = new RateLimiterMemory({ points: rateLimitPerMinute, duration: WINDOW_S });
  }

  /** Counts one request and says so in the answer's headers (draft-ietf-httpapi-ratelimit-headers). */
  async consume(subject: string, reply: HeaderSink): Promise<void> {
    if (this.isOff) return;
    this.subjects.set(subject, true);
    const { isOver, window } = await this.count(subject);
    const seconds = Math.max(1, Math.ceil(window.msBeforeNext / 1000));
    reply.header('RateLimit-Policy', this.policy);
    reply.header('RateLimit', `"default";r=${window.remainingPoints};t=${seconds}`);
    if (isOver) throw new ServiceError('RATE_LIMITED', 'too many requests from this subject', undefined, seconds);
  }

  private async count(subject: string): Promise<{ isOver: boolean; window: RateLimiterRes }> {
    try {
      return { isOver: false, window: await this.limiter.consume(subject) };
    } catch (window) {
      if (window instanceof RateLimiterRes) return { isOver: true, window };
      throw window;
    }
  }
}
