/**
 * How long and how often. Seconds are per row and round.
 * @typedef {typeof FULL} Plan
 */
const FULL = Object.freeze({
  name: 'full', rounds: 5, seconds: 4, trySeconds: 2,
  mixed: { warmUp: 10, seconds: 60 },
  memory: { aggregates: 20_000 },
  live: { stages: 3, rounds: 3, broadcasts: 12, seconds: 4 },
  soak: { warmUp: 120, seconds: 600, every: 5 },
});

const QUICK = Object.freeze({
  name: 'quick', rounds: 2, seconds: 1, trySeconds: 0.3,
  mixed: { warmUp: 3, seconds: 10 },
  memory: { aggregates: 5_000 },
  live: { stages: 1, rounds: 1, broadcasts: 6, seconds: 2 },
  soak: { warmUp: 10, seconds: 60, every: 1 },
});

/** @returns {Plan} */
export const planOf = (quick) => quick ? QUICK : FULL;
