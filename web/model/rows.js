/** Which rows of a trace are shown: folds, matches, and the part of them that is in sight. */

/** @typedef {import("./types.js").Trace} Trace */

// Rows above and below what is in sight, so that a little scrolling needs no new ones.
const OVERSCAN_ROWS = 5;

/**
 * Return the rows that are shown, in order.
 *
 * Below a folded span nothing is. With matches, only they and their ancestors are; folds count there too.
 * @param {Trace} trace
 * @param {ReadonlySet<string>} folded span ids
 * @param {Uint8Array | null} matches 1 for each row that matches, or null to show all
 * @returns {Int32Array}
 */
export function visibleRows(trace, folded, matches) {
  const count = trace.spans.length;
  const isKept = matches === null ? null : withAncestors(trace, matches);
  const rows = new Int32Array(count);
  let length = 0;
  let row = 0;
  while (row < count) {
    // Nothing below a row that is not kept is kept.
    const isShown = isKept === null || isKept[row] === 1;
    if (isShown) {
      rows[length] = row;
      length += 1;
    }
    const isOpen = isShown && !(folded.size > 0 && folded.has(trace.spans[row].spanId));
    row = isOpen ? row + 1 : trace.subtreeEnds[row];
  }
  return rows.slice(0, length);
}

/**
 * Return which of the equally high rows to draw: from the first up to, and without, the second.
 * @param {number} scrollTop
 * @param {number} height of what is in sight
 * @param {number} rowHeight
 * @param {number} count of all rows
 * @returns {[number, number]}
 */
export function windowOf(scrollTop, height, rowHeight, count) {
  const first = Math.floor(scrollTop / rowHeight) - OVERSCAN_ROWS;
  const last = Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN_ROWS;
  const from = Math.min(Math.max(0, first), count);
  return [from, Math.max(from, Math.min(last, count))];
}

/**
 * Return what to fold so that no row deeper than `depth` is shown; each unfolding then shows one level more.
 * @param {Trace} trace
 * @param {number} depth 0 shows the roots only
 * @returns {Set<string>} span ids
 */
export function rowsToDepth(trace, depth) {
  const folded = new Set();
  for (let row = 0; row < trace.spans.length; row += 1) {
    if (trace.depths[row] >= depth && trace.subtreeEnds[row] > row + 1) folded.add(trace.spans[row].spanId);
  }
  return folded;
}

/**
 * @param {Trace} trace
 * @param {Uint8Array} matches
 * @returns {Uint8Array}
 */
function withAncestors(trace, matches) {
  const kept = matches.slice();
  for (let row = kept.length - 1; row >= 0; row -= 1) {
    if (kept[row] === 1 && trace.parents[row] >= 0) kept[trace.parents[row]] = 1;
  }
  return kept;
}
