import { DEAD_LETTER_STATUSES } from '@app/event-store';
import { z } from 'zod';

export const DeadLetterParams = z.strictObject({ deadLetterId: z.guid().toLowerCase().meta({ format: 'uuid' }) });
export const DeadLettersQuery = z.strictObject({
  status: z.enum(DEAD_LETTER_STATUSES).optional(),
  consumer: z.string().min(1).max(200).optional(),
  limit: z.string().regex(/^\d{1,3}$/, 'must be a whole number').transform(Number).pipe(z.number().int().min(1).max(100)).optional()
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 50 }),
  cursor: z.string().max(256).optional(),
});
export const DeadLetterDiscard = z.strictObject({ reason: z.string().min(1).max(500) }).meta({ id: 'DeadLetterDiscard' });

const id = z.string().meta({ format: 'uuid' });
const time = z.string().meta({ format: 'date-time' });
const count = z.number().int().min(0);

const DeadLetterBody = z.object({
  deadLetterId: id, consumer: z.string().describe('Who could not handle it'), aggregateType: z.string(), aggregateId: id,
  position: count.describe('Of the first event that was withheld'), eventId: id.optional(),
  error: z.string().describe('Of the last try'), attempts: count, withheld: count.describe('Events, the first one included'),
  status: z.enum(DEAD_LETTER_STATUSES).describe('`superseded`: a new build took the place of the one that could not handle it'),
  parkedAt: time, lastAttemptAt: time, endedAt: time.optional(), endedBy: z.string().optional(), reason: z.string().optional(),
}).meta({ id: 'DeadLetter' });

const DeadLetterList = z.object({ deadLetters: z.array(DeadLetterBody), hasMore: z.boolean() }).meta({ id: 'DeadLetterList' });

export const DEAD_LETTER_COMPONENTS = [DeadLetterDiscard, DeadLetterBody, DeadLetterList];
