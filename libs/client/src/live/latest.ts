interface Reader<Value> {
  /** The newest value that it has not taken. */
  unread: { readonly value: Value } | undefined;
  wake: (() => void) | undefined;
}

/** A value that changes. Each iterator gets the current one and then, whenever it asks, the newest that it has not seen. */
export class Latest<Value> {
  private current: { readonly value: Value } | undefined;
  private ending: { readonly error?: { readonly thrown: unknown } } | undefined;
  private readonly readers = new Set<Reader<Value>>();

  set(value: Value): void {
    this.current = { value };
    for (const reader of this.readers) {
      reader.unread = this.current;
      reader.wake?.();
    }
  }

  end(error?: { readonly thrown: unknown }): void {
    this.ending = { error };
    for (const reader of this.readers) reader.wake?.();
  }

  async *iterate(): AsyncGenerator<Value, undefined, undefined> {
    const reader: Reader<Value> = { unread: this.current, wake: undefined };
    this.readers.add(reader);
    try {
      for (;;) {
        const { unread } = reader;
        reader.unread = undefined;
        if (unread) yield unread.value;
        else if (this.ending?.error) throw this.ending.error.thrown;
        else if (this.ending) return undefined;
        else await new Promise<void>((resolve) => (reader.wake = resolve));
      }
    } finally {
      this.readers.delete(reader);
    }
  }
}
