const GAP = '  ';

/** Columns as wide as their widest value. Without rows it is one line that says so. */
export function table(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[], none = 'Nothing'): string[] {
  if (rows.length === 0) return [none];
  const cells = [header, ...rows].map((row) => row.map((cell) => oneLine(cell === undefined ? '' : String(cell))));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join(GAP).trimEnd());
}

/** What others wrote must not move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

/** A value in one line; the word for none where there is none. */
export function inLine(value: unknown): string {
  return value === undefined ? '(none)' : JSON.stringify(value);
}
