/** An option of a command, by its long name. */
export interface Option {
  /** What its value is called in the usage; without one it takes none. */
  readonly value?: string;
  readonly multiple?: boolean;
  readonly help: string;
}

/** What a command is called, and what may be given to it. */
export interface Signature {
  readonly name: string;
  readonly summary: string;
  /** Names of what stands behind the command, in order; with a `?` behind the name it may be left out. */
  readonly takes?: readonly string[];
  readonly options?: Readonly<Record<string, Option>>;
  /** Prints lines that are for machines anyway, so it knows no `-o`. */
  readonly plain?: boolean;
}
