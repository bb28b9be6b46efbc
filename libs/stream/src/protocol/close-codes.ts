/** Why the server closes a connection; 1000 to 2999 are of RFC 6455, 7.4. */
export const CLOSE = {
  /** Only text is taken. */
  binary: 1003,
  /** The service restarts or moves; the reason is JSON, `{"retryAfterMs":n}`. */
  restart: 1012,
  /** The token has expired or was revoked. */
  token: 4401,
  tooSlow: 4408,
  tooMany: 4429,
} as const;
