/** The flame graph of a trace: each span a bar over its time, in lanes in which no two overlap. */

/** @typedef {import("./types.js").Trace} Trace */
/** @typedef {{row: number, depth: number, from: number, to: number}} FlameBar */

/**
 * Return a bar for each row. A child is in a lower lane than its parent, in the first that is free for it.
 * @param {Trace} trace
 * @returns {FlameBar[]} by row; `depth` is the lane, `from` and `to` are nanoseconds since the trace began
 */
export function flameLayout(trace) {
  const lanes = makeLanes(trace.spans.length);
  const depths = new Int32Array(trace.spans.length);
  for (const row of byStart(trace)) {
    const { startNano, durationNano } = trace.spans[row];
    const parent = trace.parents[row];
    // Without a duration it takes a nanosecond, so that such spans are not on top of each other.
    const least = parent < 0 ? 0 : depths[parent] + 1;
    depths[row] = lanes.take(least, startNano, startNano + Math.max(1, durationNano));
  }
  return trace.spans.map(({ startNano, durationNano }, row) => ({
    row,
    depth: depths[row],
    from: startNano,
    to: startNano + durationNano,
  }));
}

/**
 * Return the rows by start, but a child never before its parent, whose lane has to be known.
 * @param {Trace} trace
 * @returns {number[]}
 */
function byStart(trace) {
  const starts = Float64Array.from(trace.spans, (span) => span.startNano);
  const rows = trace.spans.map((_, row) => row);
  for (const row of rows) {
    if (trace.parents[row] >= 0) starts[row] = Math.max(starts[row], starts[trace.parents[row]]);
  }
  return rows.sort((left, right) => starts[left] - starts[right] || left - right);
}

/**
 * Return lanes that remember until when each is taken; 100,000 spans at once are 100,000 lanes, so that a
 * free one is found by a tree: each node has the earliest end below it.
 * @param {number} count how many lanes are taken at most
 */
function makeLanes(count) {
  let size = 1;
  while (size < count) size *= 2;
  const ends = new Float64Array(2 * size).fill(-Infinity);

  /**
   * Return the first lane from `least` on that is free at `start`.
   * @param {number} least
   * @param {number} start
   */
  const firstFree = (least, start) => {
    let node = size + least;
    // Up until a node to the right may hold it, then down to it.
    while (ends[node] > start) {
      while (node % 2 === 1) node = Math.floor(node / 2);
      node += 1;
    }
    while (node < size) node = ends[2 * node] <= start ? 2 * node : 2 * node + 1;
    return node - size;
  };

  return {
    /**
     * Take the first free lane from `least` on, and return it. It is the first one if starts only grow.
     * @param {number} least
     * @param {number} start
     * @param {number} end
     */
    take(least, start, end) {
      const lane = firstFree(least, start);
      let node = size + lane;
      ends[node] = end;
      for (node = Math.floor(node / 2); node >= 1; node = Math.floor(node / 2)) {
        ends[node] = Math.min(ends[2 * node], ends[2 * node + 1]);
      }
      return lane;
    },
  };
}
