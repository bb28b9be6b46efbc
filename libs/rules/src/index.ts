export { CandidateRule, RuleDeclaration } from './rule-declaration.js';
export { RulesFile } from './rules-file.js';
export { rulesInForce } from './in-force.js';
