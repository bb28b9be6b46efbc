/** Where results go: standard output. What is said about the work goes to standard error. */
export class Output {
  constructor(readonly json: boolean, private readonly write: (text: string) => void = (text) => process.stdout.write(text)) {}

  /** The one result of a command. */
  document(value: unknown, lines: () => readonly string[]): void {
    this.write(this.json ? `${JSON.stringify(value)}\n` : lines().map((line) => `${line}\n`).join(''));
  }

  /** One of many results, as they come. */
  item(value: unknown, line: () => string): void {
    this.write(`${this.json ? JSON.stringify(value) : line()}\n`);
  }

  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}
