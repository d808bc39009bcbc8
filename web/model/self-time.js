/** Self times: how long a span ran while none of its children did. */

/** @typedef {import("./types.js").Trace} Trace */

/**
 * Return the self time of each row: its duration without what its children cover of it together.
 * @param {Trace} trace
 * @returns {Float64Array} nanoseconds
 */
export function selfTimes(trace) {
  const times = Float64Array.from(trace.spans, (span) => span.durationNano);
  // Children of one parent come by start, so that one pass sees where each adds to what is covered.
  const coveredTo = Float64Array.from(trace.spans, (span) => span.startNano);
  trace.spans.forEach(({ startNano, durationNano }, row) => {
    const parent = trace.parents[row];
    if (parent < 0) return;
    const from = Math.max(startNano, coveredTo[parent]);
    const parentEnd = trace.spans[parent].startNano + trace.spans[parent].durationNano;
    const to = Math.min(startNano + durationNano, parentEnd);
    if (to <= from) return;
    times[parent] -= to - from;
    coveredTo[parent] = to;
  });
  return times;
}
