import { fromPointer, type Json, type MergeKind, type Op, ServiceError, toPointer } from '@app/kernel';
import type { AggregateDefinition, FieldRule } from './definition.js';

/** A definition's fields as a tree by key, so that a path finds its rule in as many steps as it has keys. */
interface RuleNode {
  rule?: FieldRule;
  readonly children: Map<string, RuleNode>;
}

const trees = new WeakMap<AggregateDefinition, RuleNode>();

/** The rule of a path, if the definition knows it. An exact key goes before `*`. */
export function ruleOf(definition: AggregateDefinition, path: readonly string[]): FieldRule | undefined {
  return find(treeOf(definition), path, 0)?.rule;
}

function find(node: RuleNode, path: readonly string[], depth: number): RuleNode | undefined {
  if (depth === path.length) return node;
  for (const key of [path[depth]!, '*']) {
    const child = node.children.get(key);
    const found = child && find(child, path, depth + 1);
    if (found?.rule) return found;
  }
  return undefined;
}

function treeOf(definition: AggregateDefinition): RuleNode {
  let root = trees.get(definition);
  if (!root) {
    root = { children: new Map() };
    for (const [field, rule] of Object.entries(definition.fields)) {
      let node = root;
      for (const key of field.split('/')) {
        const child: RuleNode = node.children.get(key) ?? { children: new Map() };
        node.children.set(key, child);
        node = child;
      }
      node.rule = rule;
    }
    trees.set(definition, root);
  }
  return root;
}

/** How writes of a path merge: as the definition says, else increments add up and the last writer wins. */
export function mergeOf(definition: AggregateDefinition, path: readonly string[], op: Op[0]): MergeKind {
  return ruleOf(definition, path)?.merge ?? (op === 'inc' ? 'sum' : 'lww');
}

/**
 * Refuses what a definition's fields do not hold.
 * @throws ServiceError RULE_VIOLATION naming path, rule and value
 */
export function assertBounds(definition: AggregateDefinition, ops: readonly Op[]): void {
  for (const op of ops) {
    if (op[0] === 'del' || op[0] === 'unset') continue;
    const path = fromPointer(op[1]);
    // A write below a path makes an object of what is there.
    for (let above = 1; above < path.length; above += 1) assertHeld(definition, path.slice(0, above), {});
    assertHeld(definition, path, op[0] === 'set' ? op[3] : op[0] === 'inc' ? op[4] : {});
  }
}

function assertHeld(definition: AggregateDefinition, path: readonly string[], value: Json): void {
  const rule = ruleOf(definition, path);
  const broken = rule && brokenBound(rule, value);
  if (!broken) return;
  const pointer = toPointer(path);
  throw new ServiceError('RULE_VIOLATION', `${definition.type}${pointer} must be ${broken.must}`, {
    path: pointer, rule: broken.rule, value: typeof value === 'object' ? undefined : value,
  });
}

function brokenBound(rule: FieldRule, value: Json): { rule: string; must: string } | undefined {
  if (!holds(rule, value)) return { rule: 'type', must: `a ${rule.holds}` };
  if (typeof value !== 'number') return undefined;
  if (rule.min !== undefined && value < rule.min) return { rule: 'min', must: `at least ${rule.min}` };
  if (rule.max !== undefined && value > rule.max) return { rule: 'max', must: `at most ${rule.max}` };
  return undefined;
}

function holds(rule: FieldRule, value: Json): boolean {
  switch (rule.holds) {
    case 'whole number':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string';
    case 'flag':
      return typeof value === 'boolean';
  }
}
