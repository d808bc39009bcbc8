/** The scatter plot of the list: traces as points, time to the right, duration up on a logarithmic scale. */

import { formatDuration } from "./formats.js";

/** @typedef {import("./types.js").TraceSummary} TraceSummary */
/** @typedef {{x: number, y: number, trace: TraceSummary}} Point */
/** @typedef {{from: number, to: number}} DurationRange */

/**
 * Return the powers of ten nanoseconds around the durations of traces; 1 ms to 1 s for none.
 * @param {readonly TraceSummary[]} traces
 * @returns {DurationRange}
 */
export function durationRange(traces) {
  if (traces.length === 0) return { from: 1e6, to: 1e9 };
  let shortest = Infinity;
  let longest = 1;
  for (const { durationNano } of traces) {
    shortest = Math.min(shortest, Math.max(1, durationNano));
    longest = Math.max(longest, durationNano);
  }
  const from = powerOfTenUpTo(shortest);
  let to = powerOfTenUpTo(longest);
  if (to < longest || to === from) to *= 10;
  return { from, to };
}

/**
 * Return where the powers of ten of a range stand.
 * @param {DurationRange} range
 * @returns {{y: number, nano: number, label: string}[]}
 */
export function durationTicks(range) {
  const found = [];
  for (let nano = range.from; nano <= range.to; nano *= 10) {
    found.push({ y: heightOf(nano, range), nano, label: formatDuration(nano) });
  }
  return found;
}

/**
 * Return the duration at a height: what a brush asks for.
 * @param {number} y 0 to 1
 * @param {DurationRange} range
 * @returns {number} nanoseconds
 */
export function durationAt(y, range) {
  return range.from * (range.to / range.from) ** y;
}

/**
 * Return a point for each trace that starts in a time; 0 is at the left and at the bottom, 1 at the right and
 * the top.
 * @param {readonly TraceSummary[]} traces
 * @param {{from: bigint, to: bigint}} time Unix nanoseconds
 * @param {DurationRange} [range]
 * @returns {Point[]}
 */
export function scatterPoints(traces, { from, to }, range = durationRange(traces)) {
  const width = Number(to - from) || 1;
  const points = [];
  for (const trace of traces) {
    const x = Number(BigInt(trace.startTimeUnixNano) - from) / width;
    if (x >= 0 && x <= 1) points.push({ x, y: heightOf(trace.durationNano, range), trace });
  }
  return points;
}

/**
 * Return the point that is nearest to a place, or null if there is none.
 * @param {readonly Point[]} points
 * @param {number} x
 * @param {number} y
 * @param {number} [aspect] the width of the plot in heights, so that near means near on the screen
 * @returns {Point | null}
 */
export function nearest(points, x, y, aspect = 1) {
  let found = null;
  let least = Infinity;
  for (const point of points) {
    const distance = ((point.x - x) * aspect) ** 2 + (point.y - y) ** 2;
    if (distance < least) {
      least = distance;
      found = point;
    }
  }
  return found;
}

/**
 * @param {number} nano
 * @param {DurationRange} range
 * @returns {number} 0 to 1
 */
function heightOf(nano, range) {
  const height = Math.log(Math.max(1, nano) / range.from) / Math.log(range.to / range.from);
  return Math.min(Math.max(0, height), 1);
}

/**
 * @param {number} nano at least 1
 * @returns {number}
 */
function powerOfTenUpTo(nano) {
  // Multiplied and not by a logarithm, which is not exact where it matters.
  let power = 1;
  while (power * 10 <= nano) power *= 10;
  return power;
}
