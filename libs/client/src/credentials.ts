/** A bearer token, or where one comes from. A function is asked once, and again when the service refuses what it gave. */
export type TokenSource = string | (() => string | Promise<string>);

/** The token in use. */
export class Credentials {
  private asked: Promise<string> | undefined;
  private current: string | undefined;

  constructor(private readonly source: TokenSource) {}

  /** Requests that need the token at the same time share one call of the function. */
  token(): Promise<string> {
    if (this.asked) return this.asked;
    const asking = this.ask();
    this.asked = asking;
    asking.catch(() => {
      if (this.asked === asking) this.asked = undefined; // whoever waits for it gets the error; the next one asks again
    });
    return asking;
  }

  /** Forgets a token that was refused, unless it was replaced meanwhile. False if there is no other to be had. */
  refuse(token: string | undefined): boolean {
    if (typeof this.source === 'string') return false;
    if (this.current === token) this.asked = undefined;
    return true;
  }

  private async ask(): Promise<string> {
    this.current = typeof this.source === 'string' ? this.source : await this.source();
    return this.current;
  }
}
