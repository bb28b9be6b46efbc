import type { Command } from '../command.js';

const MOST_POSITIONS = 10_000;

/** The log's own code is loaded when there is something to do: it takes a second, for which --help would wait. */
export const rootsCommands: readonly Command[] = [
  {
    name: 'roots sign', summary: 'signs what no root covers yet and prints it', plain: true,
    options: {
      every: { value: 'n', help: `positions to a root, at most and by default ${MOST_POSITIONS}` },
      full: { help: 'leaves what is left over at the end for the next time' },
    },
    run: async (given, context) => {
      const asked = { every: given.whole('every', MOST_POSITIONS) ?? MOST_POSITIONS, remainder: !given.flag('full') };
      return (await import('../signing.js')).sign(asked, context);
    },
  },
  {
    name: 'roots export', summary: 'prints all roots, one a line', plain: true,
    run: async (_given, context) => (await import('../signing.js')).exportAll(context),
  },
];
