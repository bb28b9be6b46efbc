// The result as JSON and as Markdown.

/** A figure with as many digits as it deserves. */
export function figure(value) {
  if (value === undefined) return '';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** @returns {string} the whole report */
export function markdown({ machine, postgres, settings, sections }) {
  const lines = [
    `${machine.cores} × ${machine.cpu}, ${machine.ramGiB} GiB, ${machine.system}, Node ${machine.node}, PostgreSQL ${postgres ?? '(not started)'}; `
      + `load average at start ${machine.loadAtStart.join(' ')}; ${settings}.`,
    '',
    ...sections.flatMap(sectionLines),
  ];
  return `${lines.join('\n')}\n`;
}

function sectionLines({ title, failure, rows = [], goals = [], notes = [], seconds }) {
  const lines = [`### ${title}`, ''];
  if (failure !== undefined) lines.push(`Could not run: ${failure}`, '');
  if (rows.length > 0) lines.push('| row | median | lowest–highest | p50 ms | p99 ms | generator, cores |', '|---|---|---|---|---|---|', ...rows.map(rowLine), '');
  if (goals.length > 0) lines.push('| goal | figure | |', '|---|---|---|', ...goals.map(goalLine), '');
  for (const note of notes) lines.push(`- ${note}`);
  if (notes.length > 0) lines.push('');
  if (seconds !== undefined) lines.push(`Took ${Math.round(seconds)} s.`, '');
  return lines;
}

function rowLine({ name, unit, note, failure, rate, lowest, highest, p50, p99, cores }) {
  const called = note ? `${name} (${note})` : name;
  if (failure !== undefined) return `| ${called} | not measured: ${failure} | | | | |`;
  const range = lowest === undefined ? '' : `${figure(lowest)}–${figure(highest)}`;
  return `| ${called} | ${figure(rate)}${unit} | ${range} | ${figure(p50)} | ${figure(p99)} | ${figure(cores)} |`;
}

function goalLine({ text, figure: found, why, unit, reached }) {
  if (found === undefined) return `| ${text} | not measured: ${why} | – |`;
  const verdict = reached ? 'reached' : '**not reached**';
  return `| ${text} | ${figure(found)}${unit === '×' ? ' ×' : unit} | ${verdict} |`;
}
