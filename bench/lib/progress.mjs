let hushed = false;

/** Nothing more is told: what fails from now on fails because everything is being ended. */
export function hush() {
  tell('');
  hushed = true;
}

/** One line on a terminal, nothing elsewhere. */
export function tell(line) {
  if (process.stderr.isTTY && !hushed) process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

/** A line that stays, on stderr. */
export function say(line) {
  tell('');
  if (!hushed) process.stderr.write(`${line}\n`);
}
