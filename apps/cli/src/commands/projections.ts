import type { OperationOutput } from '@app/client';
import type { Command, Context, ExitCode } from '../command.js';
import type { Given } from '../given.js';
import { table } from '../table.js';

export const projectionsCommands: readonly Command[] = [{
  name: 'projections', summary: 'shows how far each projection of the log is; exit code 1: one stands still', run: show,
}];

async function show(_given: Given, { service, output }: Context): Promise<ExitCode> {
  const body = await service.client.request('getProjections', {});
  output.document(body, () => table(['projection', 'position', 'head', 'behind', 'seconds', 'state'], body.projections.map(row)));
  return body.projections.some(({ stalled }) => stalled) ? 1 : 0;
}

function row(projection: OperationOutput<'getProjections'>['projections'][number]): (string | number)[] {
  const { name, position, head, lag, gaps, stalled, stall } = projection;
  const state = stalled ? `stands still${stall ? `: ${stall.reason}` : ''}` : gaps.dense ? 'ok' : 'has a gap';
  return [name, position, head, lag.events, lag.seconds, state];
}
