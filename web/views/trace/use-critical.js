/** The critical path by rows: a folded row stands for those that it hides. */

import { useMemo } from "../../html.js";
import { criticalPath } from "../../model/critical-path.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("./bar-geometry.js").Stretch} Stretch */
/** @typedef {Stretch & {row: number}} CriticalStretch */

/** @type {Stretch[]} */
const NONE = [];

/**
 * What gives the parts of the critical path on a row, by time.
 * @param {Trace} trace
 * @param {Set<string>} folded
 * @param {boolean} isShown
 * @returns {(row: number) => Stretch[]}
 */
export function useCritical(trace, folded, isShown) {
  const byRow = useMemo(() => (isShown ? [...criticalPath(trace)].sort(compareRows) : []), [trace, isShown]);
  return useMemo(() => {
    /** @type {Map<number, Stretch[]>} */
    const known = new Map();
    return (/** @type {number} */ row) => {
      if (byRow.length === 0) return NONE;
      let stretches = known.get(row);
      if (stretches === undefined) {
        const end = folded.has(trace.spans[row].spanId) ? trace.subtreeEnds[row] : row + 1;
        stretches = between(byRow, row, end);
        known.set(row, stretches);
      }
      return stretches;
    };
  }, [byRow, folded, trace]);
}

/**
 * @param {CriticalStretch} a
 * @param {CriticalStretch} b
 */
function compareRows(a, b) {
  return a.row - b.row || a.fromNano - b.fromNano;
}

/**
 * The stretches of the rows from one to before another, by time.
 * @param {CriticalStretch[]} byRow
 * @param {number} from
 * @param {number} end
 */
function between(byRow, from, end) {
  let low = 0;
  let high = byRow.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byRow[middle].row < from) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < byRow.length && byRow[last].row < end) last += 1;
  return byRow.slice(low, last).sort((a, b) => a.fromNano - b.fromNano);
}
