/** What the live connection is doing: shown to people, or logged. */
export type ConnectionStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** Lost; opened again after this time. `code` is that of the close, 1006 if there was none. */
  | { readonly state: 'waiting'; readonly retryInMs: number; readonly code: number; readonly reason: string }
  | { readonly state: 'closed' };
