/** 128 random bits. Not `crypto.randomUUID`: browsers have that only in pages that came over HTTPS. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
