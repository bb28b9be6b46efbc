import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding, Inspection } from './finding.js';
import { inspectSql, SQL_RULE, sqlLiterals } from './sql-rule.js';
import { inspectImports, inspectLint, lintRules } from './tools.js';

const HOUSE = join(__dirname, '../..');
const PLANTED = join(__dirname, 'planted');

type Imports = Awaited<ReturnType<typeof inspectImports>>;
let imports: Imports;
let lint: Inspection;
let planted: readonly Finding[];
let rules: Set<string>;

beforeAll(async () => {
  [imports, lint] = await Promise.all([inspectImports(HOUSE), inspectLint(HOUSE)]);
  const inspections = await Promise.all([inspectImports(PLANTED), inspectLint(PLANTED, 'oxlint.json')]);
  planted = [...inspections, inspectSql(PLANTED)].flatMap(({ findings }) => findings);
  rules = new Set([...imports.rules.map(({ name }) => name), ...lintRules(), SQL_RULE]);
});

describe('the house keeps its rules', () => {
  it('imports', () => {
    expect(imports.findings).toEqual([]);
    expect(imports.files).toBeGreaterThan(1);
  });

  it('lint', () => {
    expect(lint.findings).toEqual([]);
    expect(lint.files).toBeGreaterThan(1);
  });

  it('SQL', () => {
    const sql = inspectSql(HOUSE);
    expect(sql.findings).toEqual([]);
    expect(sql.files).toBeGreaterThan(1);
  });
});

describe('the rules can fire', () => {
  const sources = readdirSync(PLANTED, { encoding: 'utf8', recursive: true }).filter((file) => /\.m?[jt]s$/.test(file));
  const ruleOf = (file: string): string => basename(file).split('.', 1)[0] ?? '';

  it('each import rule is an error with a reason', () => {
    expect(imports.rules.filter(({ severity, comment }) => severity !== 'error' || !comment)).toEqual([]);
  });

  it('each rule has a planted violation', () => {
    const named = new Set(sources.map(ruleOf));
    expect([...rules].filter((rule) => !named.has(rule))).toEqual([]);
  });

  it('each planted file breaks the rule it is named after, and no other; the rest of the tree breaks none', () => {
    const fired = sources.map((file) => [file, rulesBrokenBy(file)]);
    expect(fired).toEqual(sources.map((file) => [file, rules.has(ruleOf(file)) ? [ruleOf(file)] : []]));
    expect(planted.filter(({ file }) => !sources.includes(file))).toEqual([]);
  });

  function rulesBrokenBy(file: string): string[] {
    return [...new Set(planted.filter((finding) => finding.file === file).map(({ rule }) => rule))];
  }
});

describe('what counts as SQL', () => {
  it.each([
    "'SELECT 1'",
    '`\\n  -- a comment\\n  SELECT a\\n  FROM b`',
    '`WITH late AS (SELECT 1) SELECT * FROM late`',
    '`INSERT INTO ${table} VALUES ($1)`',
    '`UPDATE ${table} SET a = 1`',
    "'delete from events where true'",
    "'SET LOCAL synchronous_commit = off; UPDATE a SET b = 1'",
    "'CREATE OR REPLACE FUNCTION f() RETURNS void'",
    "'create unique index i on t (a)'",
    "'LISTEN events'",
  ])('%s', (literal) => expect(sqlLiterals(`run(${literal});`)).toHaveLength(1));

  it.each([
    "'Select a player from the list'",
    "'Update the player, then set the gold'",
    "'listening on port'",
    "'BEGIN'",
    "'COMMITTED'",
    "'-----BEGIN PUBLIC KEY-----'",
    "'UPDATE_STATE'",
    "'SELECTED'",
    "'the table to drop from'",
    '1 // SELECT 1 FROM a_comment',
  ])('not %s', (literal) => expect(sqlLiterals(`run(${literal}\n);`)).toEqual([]));
});
