import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Inspection } from './finding.js';

const ROOT = join(__dirname, '../..');
const IMPORT_RULES = '.dependency-cruiser.cjs';
const LINT_RULES = '.oxlintrc.json';

interface ImportRule { readonly name: string; readonly severity: string; readonly comment?: string }
interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { from: string; to: string; rule: { name: string }; cycle?: { name: string }[] }[];
    readonly ruleSetUsed: { readonly forbidden: readonly ImportRule[] };
  };
}
interface Lint {
  readonly number_of_files: number;
  readonly diagnostics: readonly { message: string; code?: string; filename: string }[];
}
type Rules = Record<string, string | readonly [string, ...unknown[]]>;
interface LintConfig { readonly rules: Rules; readonly overrides: readonly { readonly rules: Rules }[] }

/** dependency-cruiser over a tree, with the arguments that `npm run lint` gives it, and the rules it worked by. */
export async function inspectImports(tree: string): Promise<Inspection & { rules: readonly ImportRule[] }> {
  const args = lintArguments('depcruise').map((arg) => (arg === IMPORT_RULES ? join(ROOT, arg) : arg));
  const { summary } = await runJson<Cruise>('depcruise', [...args, '--output-type', 'json'], tree);
  const findings = summary.violations.flatMap(({ from, to, rule, cycle = [] }) =>
    [from, ...cycle.map(({ name }) => name)].map((file) => ({ file, rule: rule.name, detail: to })));
  return { files: summary.totalCruised, findings, rules: summary.ruleSetUsed.forbidden };
}

/** oxlint over a tree, with the arguments that `npm run lint` gives it and, where named, another configuration. */
export async function inspectLint(tree: string, config = LINT_RULES): Promise<Inspection> {
  const args = [...lintArguments('oxlint'), '--config', config, '--format', 'json'];
  const lint = await runJson<Lint>('oxlint', args, tree);
  const findings = lint.diagnostics.map(({ filename, code = 'none', message }) =>
    ({ file: filename, rule: /\((.+)\)$/.exec(code)?.[1] ?? code, detail: message }));
  return { files: lint.number_of_files, findings };
}

/** The lint rules that the configuration names and turns on, without the names of their plugins. */
export function lintRules(): string[] {
  const path = join(ROOT, LINT_RULES);
  const { rules, overrides } = ts.parseConfigFileTextToJson(path, readFileSync(path, 'utf8')).config as LintConfig;
  const named = [rules, ...overrides.map((override) => override.rules)].flatMap((group) => Object.entries(group));
  const on = named.filter(([, setting]) => (typeof setting === 'string' ? setting : setting[0]) !== 'off');
  return on.map(([name]) => name.replace(/^.*\//, ''));
}

/** What stands behind a command's name in the lint script, so that what is proved here is what CI runs. */
function lintArguments(command: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { lint: string } };
  const call = scripts.lint.split('&&').map((part) => part.trim().split(/\s+/)).find(([name]) => name === command);
  if (call === undefined) throw new Error(`npm run lint does not call ${command}`);
  return call.slice(1);
}

/** Both tools leave with a failure where they find something, so only output that is no JSON is an error. */
function runJson<T>(command: string, args: string[], cwd: string): Promise<T> {
  const options = { cwd, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
  return new Promise((resolve, reject) => {
    execFile(join(ROOT, 'node_modules/.bin', command), args, options, (_error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as T);
      } catch {
        reject(new Error(`${command} did not answer with JSON:\n${stdout}\n${stderr}`));
      }
    });
  });
}
