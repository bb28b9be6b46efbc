import type { RuleOfType } from '@app/kernel';
import type { RulesFile } from './rules-file.js';

/**
 * The rules of a game as its operator wants them.
 * @param shipped those of the definitions
 * @throws Error with one line that says what is wrong: a mode for a rule that is not there, or an id that is there twice
 */
export function rulesInForce(shipped: readonly RuleOfType[], { modes, rules }: RulesFile): RuleOfType[] {
  const all: RuleOfType[] = [...shipped, ...rules];
  const ids = new Set<string>();
  for (const { id } of all) {
    if (ids.has(id)) throw new Error(`the rule ${id} is there twice: to change a shipped rule, switch it off and add another`);
    ids.add(id);
  }
  const unknown = Object.keys(modes).find((id) => !ids.has(id));
  if (unknown !== undefined) throw new Error(`modes names the rule ${unknown}, which is not there`);
  return all.map((rule) => ({ ...rule, mode: Object.hasOwn(modes, rule.id) ? modes[rule.id]! : rule.mode }));
}
