import type { Context, ExitCode } from '../command.js';
import type { Given } from '../given.js';
import { inLine, table } from '../table.js';
import type { Option } from '../signature.js';

/** A record of the service; its members are shown as they are. */
export type Row = Readonly<Record<string, unknown>>;

const PAGE = 100;
const MOST = 100_000;

export const LIMIT: Option = { value: 'n', help: 'at most so many, newest first (50)' };

export interface Listing {
  readonly path: string;
  /** Members of a row, and members of these behind a dot; a table has them as columns. */
  readonly columns: readonly string[];
  readonly none: string;
  /** It comes in one piece, and asks nothing. */
  readonly whole?: boolean;
}

/** Prints what the filters leave, over as many pages as it takes. */
export async function list(given: Given, { service, output }: Context, { path, columns, none, whole = false }: Listing, filters: object = {}): Promise<ExitCode> {
  const limit = whole ? MOST : given.whole('limit', MOST) ?? 50;
  const rows: Row[] = [];
  for await (const page of service.client.pages(path, { query: whole ? {} : { ...filters, limit: Math.min(limit, PAGE) } })) {
    rows.push(...rowsOf(page));
    if (rows.length >= limit) break;
  }
  rows.length = Math.min(rows.length, limit);
  output.document(rows, () => table(columns, rows.map((row) => columns.map((name) => cell(row, name))), none));
  return 0;
}

/** One record, a member a line. */
export function show({ output }: Context, row: Row): ExitCode {
  output.document(row, () => Object.entries(row).map(([name, value]) => `${name}  ${typeof value === 'string' ? value : inLine(value)}`));
  return 0;
}

/** A list is an object with one array. */
function rowsOf(page: unknown): readonly Row[] {
  const found = Object.values(page as object).find((member) => Array.isArray(member));
  return (found ?? []) as readonly Row[];
}

function cell(row: Row, column: string): string | undefined {
  const value = column.split('.').reduce<unknown>((owner, name) => (owner as Row | undefined)?.[name], row);
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
