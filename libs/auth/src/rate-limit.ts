import { ServiceError } from '@app/kernel';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AUTH_OPTIONS, type AuthOptions } from './auth-options.js';
import { type Count, CountExchange } from './count-exchange.js';

const WINDOW_S = 60;
/** Of the subjects seen, the ones beyond this that were quiet longest are forgotten. About 9 MB. */
const MAX_SUBJECTS = 50_000;

/** Where the headers go: a Fastify reply. */
export interface HeaderSink {
  header(name: string, value: string): unknown;
}

/**
 * Counts each subject's requests in the minutes of the clock, in this process, and where the options have
 * `sharedCounts` reconciles with the other instances in the background; no request waits for that.
 */
@Injectable()
export class RateLimit implements OnModuleDestroy {
  private readonly limit: number;
  private readonly policy: string;
  private readonly exchange: CountExchange | undefined;
  private readonly counts = new LRUCache<string, Count>({
    max: MAX_SUBJECTS,
    dispose: (_count, subject) => this.exchange?.forget(subject),
  });
  private window = -1;
  private windowEnds = 0;
  private seconds = 0;
  private ending = '';

  constructor(@Inject(AUTH_OPTIONS) options: Pick<AuthOptions, 'rateLimitPerMinute' | 'sharedCounts'>) {
    const { rateLimitPerMinute, sharedCounts } = options;
    if (!Number.isSafeInteger(rateLimitPerMinute) || rateLimitPerMinute < 0) {
      throw new Error('the rate limit must be a whole number of requests a minute, or 0 for none');
    }
    this.limit = rateLimitPerMinute;
    this.policy = `"default";q=${rateLimitPerMinute};w=${WINDOW_S}`;
    if (sharedCounts && this.limit > 0) this.exchange = new CountExchange(sharedCounts);
  }

  /**
   * Counts one request and says so in the answer's headers (draft-ietf-httpapi-ratelimit-headers).
   * @throws ServiceError RATE_LIMITED where nothing is left; that request is not counted
   */
  consume(subject: string, reply: HeaderSink): void {
    if (this.tryConsume(subject, reply)) return;
    this.tell(0, reply);
    throw new ServiceError('RATE_LIMITED', 'too many requests from this subject', undefined, this.seconds);
  }

  /** The same, but where nothing is left it says false and leaves the answer alone. */
  tryConsume(subject: string, reply: HeaderSink): boolean {
    if (this.limit === 0) return true;
    this.turnTo(Date.now());
    const count = this.countOf(subject);
    const left = this.limit - count.others - count.own;
    if (left <= 0) return false;
    count.own += 1;
    this.exchange?.note(subject, count);
    this.tell(left - 1, reply);
    return true;
  }

  onModuleDestroy(): void {
    this.exchange?.stop();
  }

  /** The minute and second that `now` is in. All instances turn together, as far as their clocks agree. */
  private turnTo(now: number): void {
    if (now >= this.windowEnds || now < this.windowEnds - WINDOW_S * 1000) {
      this.window = Math.floor(now / (WINDOW_S * 1000));
      this.windowEnds = (this.window + 1) * WINDOW_S * 1000;
    }
    const seconds = Math.ceil((this.windowEnds - now) / 1000);
    if (seconds === this.seconds) return;
    this.seconds = seconds;
    this.ending = `;t=${seconds}`;
  }

  private countOf(subject: string): Count {
    const known = this.counts.get(subject);
    if (known?.window === this.window) return known;
    const count = { window: this.window, own: 0, sent: 0, others: 0 };
    this.counts.set(subject, count);
    return count;
  }

  private tell(left: number, reply: HeaderSink): void {
    reply.header('RateLimit-Policy', this.policy);
    reply.header('RateLimit', `"default";r=${left}${this.ending}`);
  }
}
