import type { AggregateType, RuleOfType } from '@app/kernel';
import type { AggregateDefinition } from '../definition.js';
import { combat } from './combat.js';
import { economy } from './economy.js';
import { guild } from './guild.js';
import { player } from './player.js';
import { world } from './world.js';

export const DEFINITIONS: Readonly<Record<AggregateType, AggregateDefinition>> = { player, guild, world, economy, combat };

/** The rules of all definitions. */
export function shippedRules(): RuleOfType[] {
  return Object.values(DEFINITIONS).flatMap(({ type, rules = [] }) => rules.map((rule) => ({ ...rule, aggregateType: type })));
}
