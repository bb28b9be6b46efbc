import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Inspection } from './finding.js';

export const SQL_RULE = 'sql-in-its-room';

const TREES = ['apps', 'libs', 'migrations'];
const SOURCE = /\.m?ts$|\.mjs$/;
const ROOMS = /(?:^|\/)(?:sql|migrations)\/|^libs\/testing\/|\.spec\.ts$/;

const THINGS = 'database|schema|table|index|view|function|procedure|trigger|type|sequence|role|extension|publication';
/** Statements that are no English, in either case; a blank stands for any white space. */
const PLAIN = '(?:insert into|delete from|select .+? from|update .+? set|'
  + `(?:create|alter|drop) (?:or replace )?(?:unique |materialized |unlogged )?(?:${THINGS})) `;
/** Statements that are also words of a sentence: SQL only where they are shouted. */
const SHOUTED = 'SELECT |WITH .+? AS [(]|TRUNCATE |LISTEN |UNLISTEN |NOTIFY |COPY .+? (?:FROM|TO) |'
  + 'SET (?:LOCAL|SESSION) |SHOW |GRANT |REVOKE |VACUUM |ANALYZE |LOCK TABLE ';
const STATEMENT = new RegExp(
  `(?:^|[;(\n]) ?(?:${PLAIN}|${PLAIN.toUpperCase()}|${SHOUTED})`.replaceAll(' ?', '\\s*').replaceAll(' ', '\\s+'), 's',
);

/**
 * The string and template literals of a source text that hold a statement in SQL; concatenations piece by piece.
 * BEGIN and COMMIT do not count: they stand with the code that knows what one transaction is.
 */
export function sqlLiterals(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = literalText(node);
    if (text !== undefined && STATEMENT.test(text)) found.push(text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest));
  return found;
}

function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join('$0');
}

/** SQL lives only in `sql/` and `migrations/`; tests may speak it too. */
export function inspectSql(root: string): Inspection {
  const files = productFiles(root);
  const findings = files.flatMap((file) => sqlLiterals(readFileSync(join(root, file), 'utf8'))
    .map((text) => ({ file, rule: SQL_RULE, detail: text.trim().slice(0, 60) })));
  return { files: files.length, findings };
}

function productFiles(root: string): string[] {
  const trees = TREES.filter((tree) => existsSync(join(root, tree)));
  const files = trees.flatMap((tree) => readdirSync(join(root, tree), { encoding: 'utf8', recursive: true })
    .map((file) => `${tree}/${file}`));
  return files.filter((file) => SOURCE.test(file) && !ROOMS.test(file));
}
