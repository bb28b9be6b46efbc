// Numbers out of numbers. Everything here is pure.

/** The middle one; of an even count the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The value that the share `q` (0..1) of the sorted numbers does not exceed (nearest rank). */
export function quantile(sorted, q) {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)];
}

/** p50 and p99 of durations, which are sorted in place. */
export function spread(durations) {
  const sorted = Float64Array.from(durations).sort();
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) };
}

/**
 * Least squares through points: `slope` in y per x, its standard error, and the mean of y. Ordinary least squares with errors
 * taken as independent; successive samples of one process are not quite, so the error is a lower bound.
 * @param {[number, number][]} points at least three
 */
export function linearFit(points) {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const sxx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / sxx;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (n - 2) / sxx), mean: meanY };
}

/**
 * Picks from 0..n-1 as Zipf with the exponent `theta` has it: number 0 most often.
 * @returns {() => number}
 */
export function zipf(n, theta, random = Math.random) {
  const upTo = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i += 1) upTo[i] = sum += 1 / (i + 1) ** theta;
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
