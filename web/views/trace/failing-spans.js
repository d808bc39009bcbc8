/** The spans that failed, those first in which a failure began. */

/** @typedef {import("../../model/types.js").Trace} Trace */

/**
 * @typedef {object} FailingSpan
 * @property {number} row
 * @property {boolean} isOrigin none of its descendants failed, so it was not handed a failure from below
 */

/**
 * The failing spans: those in which a failure began by their start, then those that passed one on.
 * @param {Trace} trace
 * @returns {FailingSpan[]}
 */
export function failingSpans(trace) {
  const rows = failingRows(trace);
  const failing = rows.map((row, index) => ({
    row,
    // Rows of a subtree follow their root, so the next failing row is a descendant or there is none.
    isOrigin: index + 1 === rows.length || rows[index + 1] >= trace.subtreeEnds[row],
  }));
  const start = (/** @type {FailingSpan} */ { row }) => trace.spans[row].startNano;
  return failing.sort(
    (a, b) => Number(b.isOrigin) - Number(a.isOrigin) || start(a) - start(b) || a.row - b.row,
  );
}

/**
 * The rows of the spans that failed, from top to bottom.
 * @param {Trace} trace
 * @returns {number[]}
 */
export function failingRows(trace) {
  const rows = [];
  for (let row = 0; row < trace.spans.length; row += 1)
    if (trace.spans[row].status === "ERROR") rows.push(row);
  return rows;
}

/**
 * The row in `rows` behind (`step` 1) or before (-1) a row, around the ends; -1 if there is none.
 * @param {ArrayLike<number>} rows from top to bottom
 * @param {number} row -1 for "before the first"
 * @param {1 | -1} step
 */
export function neighbour(rows, row, step) {
  if (rows.length === 0) return -1;
  const list = Array.from(rows);
  const found = step === 1 ? list.find((other) => other > row) : list.findLast((other) => other < row);
  return found ?? (step === 1 ? list[0] : list[list.length - 1]);
}
