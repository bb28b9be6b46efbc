import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { isJsonObject, type JsonObject } from '@app/kernel';
import { z } from 'zod';
import { DemoError } from './demo-error.js';

/** A body for `POST /events`. What else it holds is for the service to judge. */
export const GameEvent = z.looseObject({ eventId: z.string(), aggregateType: z.string(), aggregateId: z.string() });
export type GameEvent = z.output<typeof GameEvent>;

/** What an aggregate must end in. */
export const ExpectedState = z.object({
  aggregateType: z.string(),
  aggregateId: z.string(),
  version: z.number().int().min(1),
  data: z.custom<JsonObject>(isJsonObject, 'must be an object'),
});
export type ExpectedState = z.output<typeof ExpectedState>;

/**
 * Reads lines of JSON, gzipped or plain.
 * @throws DemoError naming the file, and the line that is not as it should be
 */
export async function readLines<T>(file: string, schema: z.ZodType<T>): Promise<T[]> {
  const text = await readText(file);
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [schema.parse(JSON.parse(line))];
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s+/g, ' ') : String(error);
      throw new DemoError(`${file}, line ${index + 1}: ${why}`);
    }
  });
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new DemoError(`${file} cannot be read: ${String(error)}`);
  }
}
