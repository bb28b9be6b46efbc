/** A JSON object whose fields are not known here. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for a JSON object: neither null, array nor scalar. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
