import { RULE_MODES } from '@app/kernel';
import { z } from 'zod';
import { RuleDeclaration } from './rule-declaration.js';

/** What an operator says of the rules: the modes of those there are, by id, and others beside them. */
export const RulesFile = z.strictObject({
  modes: z.record(z.string(), z.enum(RULE_MODES)).default({}),
  rules: z.array(RuleDeclaration).max(500).default([]),
});
export type RulesFile = z.output<typeof RulesFile>;
