import { readCommandLine } from './command-line.js';

it('has a default for everything', () => {
  expect(readCommandLine([])).toEqual({
    url: undefined, port: 8087, token: undefined, dataDir: '.data', inFlight: 64, events: undefined,
    expected: undefined, json: false, help: false,
  });
});

it('takes what is given', () => {
  const line = '--url http://localhost:9000/ --token t --in-flight 8 --events e --expected x --data-dir d --json';
  expect(readCommandLine(line.split(' '))).toMatchObject({
    url: 'http://localhost:9000', token: 't', inFlight: 8, events: 'e', expected: 'x', dataDir: 'd', json: true,
  });
});

it.each([
  [['--in-flight', 'many'], '--in-flight takes a whole number from 1 to 10000, not many'],
  [['--in-flight', '0'], '--in-flight takes a whole number from 1 to 10000, not 0'],
  [['--port', '65536'], '--port takes a whole number from 1 to 65535, not 65536'],
  [['--url', 'localhost'], '--url takes an address such as http://127.0.0.1:8087, not localhost'],
  [['--url', 'ftp://localhost'], '--url takes an address such as http://127.0.0.1:8087, not ftp://localhost'],
  [['--fast'], "Unknown option '--fast'"],
  [['fast'], "Unexpected argument 'fast'"],
])('refuses %j with a line', (args, line) => {
  expect(() => readCommandLine(args)).toThrow(line);
});
