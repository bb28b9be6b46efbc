import { readCommandLine } from './command-line.js';
import type { Given } from './given.js';

const given = async (...args: string[]): Promise<Given> => {
  const asked = await readCommandLine(args);
  if ('usage' in asked) throw new Error(asked.usage);
  return asked.given;
};

describe('the command line', () => {
  it('names every command, those of a group, and the options of one', async () => {
    for (const args of [[], ['--help'], ['-h']]) {
      const asked = await readCommandLine(args);
      expect(asked).toMatchObject({ usage: expect.stringMatching(/state get <type> <id>[^]*doctor[^]*roots export/) });
    }
    expect(await readCommandLine(['rollback', 'execute', '--help'])).toMatchObject({ usage: expect.stringContaining('--confirm <n>') });
    expect(await readCommandLine(['operations'])).toMatchObject({ usage: expect.stringContaining('operations rebuild <target>') });
  });

  it('finds commands of one word and of two', async () => {
    expect(await readCommandLine(['verify', '--lanes', '2'])).toMatchObject({ command: { name: 'verify' } });
    expect(await readCommandLine(['rollback', '--dry-run'])).toMatchObject({ command: { name: 'rollback' } });
    expect(await readCommandLine(['rollback', 'list', '-o', 'json'])).toMatchObject({ command: { name: 'rollback list' }, given: { json: true } });
    expect(await readCommandLine(['roots', 'sign', '--full'])).toMatchObject({ command: { name: 'roots sign' } });
  });

  it.each([
    [['verfy'], 'There is no command verfy; there are state,'], [['state', 'put'], 'There is no command state put; there are state get'],
    [['verify', '-o', 'xml'], '-o takes json or table, not xml'], [['verify', '--every', '3'], "verify: Unknown option '--every'; --help names"],
    [['roots', 'export', '-o', 'json'], "Unknown option '-o'"], [['state', 'get', 'player'], 'state get needs <id>'], [['toString'], 'There is no command'],
    [['doctor', 'now'], 'now is one word too many'], [['verify', '--limit'], '--help names the options'],
  ])('says what is wrong with %j', async (args, message) => {
    await expect(readCommandLine(args)).rejects.toThrow(message);
  });

  it('reads numbers, times and aggregates, and says what is wrong with them', async () => {
    const id = '5F0C7F0E-7d0c-4a57-9a0e-2f6f2f6b7a01';
    const diff = await given('diff', 'player', id, '--from', '3', '--to', '2026-11-25T13:00:00+01:00');
    expect([diff.aggregate().aggregateId, diff.moment('from'), diff.moment('to')]).toEqual([id.toLowerCase(), '3', '2026-11-25T12:00:00.000Z']);
    const before = Date.now();
    const ago = before - Date.parse((await given('audit', '--from', '2h')).time('from')!);
    expect(ago).toBeGreaterThan(7_140_000);
    expect(ago).toBeLessThanOrEqual(7_200_000);
    for (const text of ['7', 'soon', '2026-13-45', '5y']) {
      expect(() => diff.whole('from', 2)).toThrow('--from takes a whole number from 1 to 2, not 3');
      const wrong = await given('audit', '--from', text);
      expect(() => wrong.time('from')).toThrow(`--from takes a time such as 2026-11-25T12:00:00Z, or 15m, 2h or 7d for so long ago, not ${text}`);
    }
    const strange = await given('diff', 'pet', 'x');
    expect(() => strange.aggregate()).toThrow('<type> takes player, guild, world, economy, combat, not pet');
    expect(() => strange.moment('from')).toThrow('diff needs --from');
  });
});
