/** Spans to a trace: a forest in the order in which it is shown. Loops, no recursion: traces may be deep. */

/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./types.js").Trace} Trace */

/**
 * What is odd about a span; `marks` of a trace are sums of these.
 *
 * ORPHAN: its parent is not here. CYCLE: it would be its own ancestor, and is shown as a root instead.
 * SKEWED: it starts before its parent. UNFINISHED: it has no end, or one before its start. LATE: it ends
 * after its parent ended.
 */
export const Mark = Object.freeze({ ORPHAN: 1, CYCLE: 2, SKEWED: 4, UNFINISHED: 8, LATE: 16 });

/**
 * Return the trace of spans, whose ids are all different. Sets their `startNano` and their events'
 * `timeNano`.
 * @param {string} traceId
 * @param {Span[]} spans
 * @param {boolean} isWhole false while the collector has more spans of it than are here
 * @returns {Trace}
 */
export function buildTrace(traceId, spans, isWhole) {
  const { startUnixNano, durationNano } = setTimes(spans);
  const ordered = [...spans].sort(compareSpans);
  const { parents, marks } = findParents(ordered);
  const order = depthFirst(parents);
  return arrange(traceId, ordered, parents, marks, order, { startUnixNano, durationNano, isWhole });
}

/**
 * Return the rows of the ancestors of a row, from its root down to its parent.
 * @param {Trace} trace
 * @param {number} row
 * @returns {number[]}
 */
export function ancestorsOf(trace, row) {
  const rows = [];
  for (let at = trace.parents[row] ?? -1; at >= 0; at = trace.parents[at]) rows.push(at);
  return rows.reverse();
}

/**
 * Set the times since the start of the trace.
 * @param {Span[]} spans
 * @returns {{startUnixNano: bigint, durationNano: number}}
 */
function setTimes(spans) {
  if (spans.length === 0) return { startUnixNano: 0n, durationNano: 1 };
  let start = spans[0].startUnixNano;
  for (const span of spans) if (span.startUnixNano < start) start = span.startUnixNano;
  let end = start;
  for (const span of spans) {
    span.startNano = Number(span.startUnixNano - start);
    for (const event of span.events) event.timeNano = Number(event.timeUnixNano - start);
    const last = span.endUnixNano > span.startUnixNano ? span.endUnixNano : span.startUnixNano;
    if (last > end) end = last;
  }
  return { startUnixNano: start, durationNano: Math.max(1, Number(end - start)) };
}

/**
 * Order by start, then by span id.
 * @param {Span} left
 * @param {Span} right
 * @returns {number}
 */
function compareSpans(left, right) {
  if (left.startNano !== right.startNano) return left.startNano - right.startNano;
  // Two Numbers beyond 2^53 may be equal when their times are not.
  if (left.startUnixNano !== right.startUnixNano) return left.startUnixNano < right.startUnixNano ? -1 : 1;
  return left.spanId < right.spanId ? -1 : 1;
}

/**
 * Return the index of each span's parent, -1 for a root, with the marks. No parent is behind itself: of a
 * cycle the earliest span becomes a root.
 * @param {Span[]} spans by start
 * @returns {{parents: Int32Array, marks: Uint8Array}}
 */
function findParents(spans) {
  /** @type {Map<string, number>} */
  const indexOf = new Map();
  spans.forEach((span, index) => indexOf.set(span.spanId, index));
  const parents = new Int32Array(spans.length);
  const marks = new Uint8Array(spans.length);
  spans.forEach((span, index) => {
    const parent = span.parentSpanId === "" ? -1 : indexOf.get(span.parentSpanId);
    if (parent === undefined) marks[index] |= Mark.ORPHAN;
    parents[index] = parent ?? -1;
  });
  breakCycles(parents, marks);
  spans.forEach((span, index) => {
    const parent = parents[index];
    marks[index] |= marksOf(span, parent < 0 ? null : spans[parent]);
  });
  return { parents, marks };
}

/**
 * Cut each cycle before its earliest span.
 * @param {Int32Array} parents
 * @param {Uint8Array} marks
 */
function breakCycles(parents, marks) {
  // The walk in which each span was met: a walk that meets itself has found a cycle.
  const walks = new Int32Array(parents.length).fill(-1);
  for (let walk = 0; walk < parents.length; walk += 1) {
    let at = walk;
    while (at >= 0 && walks[at] < 0) {
      walks[at] = walk;
      at = parents[at];
    }
    if (at < 0 || walks[at] !== walk) continue;
    let earliest = at;
    for (let next = parents[at]; next !== at; next = parents[next]) earliest = Math.min(earliest, next);
    parents[earliest] = -1;
    marks[earliest] |= Mark.CYCLE;
  }
}

/**
 * @param {Span} span
 * @param {Span | null} parent
 * @returns {number}
 */
function marksOf(span, parent) {
  const isFinished = hasEnd(span);
  let marks = isFinished ? 0 : Mark.UNFINISHED;
  if (parent === null) return marks;
  if (span.startUnixNano < parent.startUnixNano) marks |= Mark.SKEWED;
  if (isFinished && hasEnd(parent) && span.endUnixNano > parent.endUnixNano) marks |= Mark.LATE;
  return marks;
}

/**
 * @param {Span} span
 * @returns {boolean}
 */
function hasEnd(span) {
  return span.endUnixNano !== 0n && span.endUnixNano >= span.startUnixNano;
}

/**
 * Return the indexes depth first; children come in the order of their indexes.
 * @param {Int32Array} parents
 * @returns {Int32Array}
 */
function depthFirst(parents) {
  const count = parents.length;
  // Lists without arrays: the first child of each span, and what follows it. The roots are the children of
  // `count`.
  const firstChild = new Int32Array(count + 1).fill(-1);
  const nextSibling = new Int32Array(count + 1).fill(-1);
  for (let index = count - 1; index >= 0; index -= 1) {
    const parent = parents[index] < 0 ? count : parents[index];
    nextSibling[index] = firstChild[parent];
    firstChild[parent] = index;
  }
  const order = new Int32Array(count);
  let at = firstChild[count];
  for (let row = 0; row < count; row += 1) {
    order[row] = at;
    if (firstChild[at] >= 0) {
      at = firstChild[at];
      continue;
    }
    while (at >= 0 && nextSibling[at] < 0) at = parents[at];
    if (at >= 0) at = nextSibling[at];
  }
  return order;
}

/**
 * Return the trace, with everything by row instead of by index.
 * @param {string} traceId
 * @param {Span[]} ordered
 * @param {Int32Array} parentIndexes
 * @param {Uint8Array} markOf
 * @param {Int32Array} order
 * @param {Pick<Trace, "startUnixNano" | "durationNano" | "isWhole">} rest
 * @returns {Trace}
 */
function arrange(traceId, ordered, parentIndexes, markOf, order, rest) {
  const count = ordered.length;
  const rowOfIndex = new Int32Array(count);
  const parents = new Int32Array(count);
  const depths = new Int32Array(count);
  const marks = new Uint8Array(count);
  /** @type {Map<string, number>} */
  const rowOf = new Map();
  /** @type {Set<string>} */
  const services = new Set();
  const spans = [];
  let errorCount = 0;
  for (let row = 0; row < count; row += 1) {
    const index = order[row];
    const span = ordered[index];
    rowOfIndex[index] = row;
    parents[row] = parentIndexes[index] < 0 ? -1 : rowOfIndex[parentIndexes[index]];
    depths[row] = parents[row] < 0 ? 0 : depths[parents[row]] + 1;
    marks[row] = markOf[index];
    rowOf.set(span.spanId, row);
    services.add(span.service);
    spans.push(span);
    if (span.status === "ERROR") errorCount += 1;
  }
  const byRow = { spans, parents, depths, subtreeEnds: endsOf(parents), marks };
  return { traceId, ...byRow, rowOf, services: [...services], errorCount, ...rest };
}

/**
 * @param {Int32Array} parents by row
 * @returns {Int32Array}
 */
function endsOf(parents) {
  const ends = new Int32Array(parents.length);
  for (let row = parents.length - 1; row >= 0; row -= 1) {
    ends[row] = Math.max(ends[row], row + 1);
    if (parents[row] >= 0) ends[parents[row]] = Math.max(ends[parents[row]], ends[row]);
  }
  return ends;
}
