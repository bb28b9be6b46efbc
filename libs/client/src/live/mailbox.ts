interface Waiting<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** What one consumer has yet to take. Its owner keeps it within bounds. */
export class Mailbox<Item> {
  private items: Item[] = [];
  private readonly waiting: Waiting<Item>[] = [];
  private ending: { readonly error?: { readonly thrown: unknown } } | undefined;

  get size(): number {
    return this.items.length;
  }

  get ended(): boolean {
    return this.ending !== undefined;
  }

  put(item: Item): void {
    if (this.ending) return;
    const next = this.waiting.shift();
    if (next) next.resolve({ value: item, done: false });
    else this.items.push(item);
  }

  take(): Promise<IteratorResult<Item, undefined>> {
    if (this.items.length > 0) return Promise.resolve({ value: this.items.shift()!, done: false });
    if (this.ending) return this.end();
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  clear(): void {
    this.items = [];
  }

  /** Nothing more comes. What is in it can still be taken; then the error, if there is one, is thrown once. */
  close(error?: { readonly thrown: unknown }): void {
    if (this.ending) return;
    this.ending = { error };
    for (const waiting of this.waiting.splice(0)) this.end().then(waiting.resolve, waiting.reject);
  }

  private end(): Promise<IteratorResult<Item, undefined>> {
    const error = this.ending?.error;
    this.ending = {};
    return error ? Promise.reject(error.thrown as Error) : Promise.resolve({ value: undefined, done: true });
  }
}
