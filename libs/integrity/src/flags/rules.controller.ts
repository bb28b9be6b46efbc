import { Access } from '@app/auth';
import { Describe } from '@app/game-state';
import { RuleSet } from '@app/kernel';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Flags } from './flags.js';
import { NoQuery } from './schemas.js';

const NONE = { open: 0, assigned: 0, confirmed: 0, dismissed: 0 };

@ApiTags('anti-cheat')
@ApiBearerAuth()
@Access('operate')
@Controller('rules')
export class RulesController {
  constructor(private readonly rules: RuleSet, private readonly flags: Flags) {}

  @Get()
  @Describe({
    id: 'listRules', summary: 'The rules of the game with their modes, and how many flags each has',
    success: { status: 200, schema: 'RuleList', description: 'All rules, also those that are off' }, errors: [400],
  })
  async list(@Query({ schema: NoQuery }) _query: object): Promise<object> {
    const counts = await this.flags.counts();
    return { rules: this.rules.all.map((rule) => ({ rule, flags: { ...NONE, ...counts.get(rule.id) } })) };
  }
}
