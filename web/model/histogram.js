/** How durations are spread: counts in buckets of equal width on a logarithmic scale, and percentiles. */

/** @typedef {Pick<import("./types.js").TraceSummary, "durationNano" | "errorCount">} Timed */
/** @typedef {{from: number, to: number, count: number, errors: number}} Bucket */

// Durations that hardly differ are shown on a scale that is at least this wide.
const LEAST_RATIO = 2;

/**
 * Return buckets from the shortest to the longest duration. A bucket holds what is at least `from` and less
 * than `to` nanoseconds, the last one also what is equal to `to`.
 * @param {readonly Timed[]} traces `errors` counts those with an error
 * @param {number} bucketCount at least 1
 * @returns {Bucket[]} none for no traces
 */
export function histogram(traces, bucketCount) {
  if (traces.length === 0) return [];
  const { from, ratio } = rangeOf(traces);
  const bounds = Array.from({ length: bucketCount + 1 }, (_, index) => from * ratio ** (index / bucketCount));
  const buckets = bounds.slice(1).map((to, index) => ({ from: bounds[index], to, count: 0, errors: 0 }));
  for (const trace of traces) {
    const bucket = buckets[bucketIndex(bounds, lengthOf(trace))];
    bucket.count += 1;
    if (trace.errorCount > 0) bucket.errors += 1;
  }
  return buckets;
}

/**
 * Return the smallest value that at least p percent of the values are not above (the nearest rank); NaN for
 * no values.
 * @param {ArrayLike<number>} sorted
 * @param {number} p 0 to 100
 * @returns {number}
 */
export function percentile(sorted, p) {
  if (sorted.length === 0) return NaN;
  const rank = Math.ceil((p * sorted.length) / 100);
  return sorted[Math.min(Math.max(1, rank), sorted.length) - 1];
}

/**
 * @param {Timed} trace
 * @returns {number} at least 1: there is no logarithm of 0
 */
function lengthOf(trace) {
  return Math.max(1, trace.durationNano);
}

/**
 * @param {readonly Timed[]} traces
 * @returns {{from: number, ratio: number}}
 */
function rangeOf(traces) {
  let shortest = Infinity;
  let longest = 1;
  for (const trace of traces) {
    shortest = Math.min(shortest, lengthOf(trace));
    longest = Math.max(longest, lengthOf(trace));
  }
  const ratio = longest / shortest;
  if (ratio >= LEAST_RATIO) return { from: shortest, ratio };
  return { from: Math.sqrt((shortest * longest) / LEAST_RATIO), ratio: LEAST_RATIO };
}

/**
 * @param {number[]} bounds
 * @param {number} nano
 * @returns {number}
 */
function bucketIndex(bounds, nano) {
  const last = bounds.length - 2;
  const position = (Math.log(nano / bounds[0]) / Math.log(bounds[last + 1] / bounds[0])) * (last + 1);
  let index = Math.min(Math.max(0, Math.floor(position)), last);
  // A logarithm is not exact where a duration is a bound.
  if (index > 0 && nano < bounds[index]) index -= 1;
  else if (index < last && nano >= bounds[index + 1]) index += 1;
  return index;
}
