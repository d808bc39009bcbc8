/** Which spans are folded, by span id, so that folds survive a new reading of the trace. */

import { useMemo, useState } from "../../html.js";
import { rowsToDepth } from "../../model/rows.js";
import { ancestorsOf } from "../../model/trace.js";

/** @typedef {import("../../model/types.js").Trace} Trace */

/**
 * @typedef {object} Folding
 * @property {Set<string>} folded
 * @property {number | null} levels how many are shown, if that was the last thing asked for
 * @property {(row: number, isFolded: boolean) => void} fold
 * @property {(row: number) => void} foldChildren shows the row's children, and nothing below them
 * @property {(row: number) => void} unfoldBelow
 * @property {(depth: number) => void} foldToDepth what is deeper is out of sight
 * @property {() => void} unfoldAll
 * @property {(row: number) => void} reveal unfolds what the row is hidden in
 */

/** @type {{folded: Set<string>, levels: number | null}} */
const NOTHING_FOLDED = { folded: new Set(), levels: null };

/**
 * @param {Trace} trace
 * @returns {Folding}
 */
export function useFolding(trace) {
  const [{ folded, levels }, setState] = useState(NOTHING_FOLDED);
  return useMemo(() => {
    /** @param {(next: Set<string>) => void} change */
    const update = (change) =>
      setState((before) => {
        const next = new Set(before.folded);
        change(next);
        return { folded: next, levels: null };
      });
    const idsBelow = (/** @type {number} */ row) =>
      trace.spans.slice(row, trace.subtreeEnds[row]).map(({ spanId }) => spanId);
    return {
      folded,
      levels,
      fold: (/** @type {number} */ row, /** @type {boolean} */ isFolded) =>
        update((next) => put(next, [trace.spans[row].spanId], isFolded && isFoldable(trace, row))),
      foldChildren: (/** @type {number} */ row) =>
        update((next) => {
          put(next, idsBelow(row), false);
          put(next, foldableChildren(trace, row), true);
        }),
      unfoldBelow: (/** @type {number} */ row) => update((next) => put(next, idsBelow(row), false)),
      foldToDepth: (/** @type {number} */ depth) =>
        setState({ folded: rowsToDepth(trace, depth), levels: depth + 1 }),
      unfoldAll: () => setState(NOTHING_FOLDED),
      reveal: (/** @type {number} */ row) => {
        const hiding = ancestorsOf(trace, row).map((ancestor) => trace.spans[ancestor].spanId);
        if (hiding.some((spanId) => folded.has(spanId))) update((next) => put(next, hiding, false));
      },
    };
  }, [trace, folded, levels]);
}

/**
 * @param {Trace} trace
 * @param {number} row
 * @returns {string[]} span ids
 */
function foldableChildren(trace, row) {
  const ids = [];
  for (let child = row + 1; child < trace.subtreeEnds[row]; child = trace.subtreeEnds[child]) {
    if (isFoldable(trace, child)) ids.push(trace.spans[child].spanId);
  }
  return ids;
}

/**
 * @param {Trace} trace
 * @param {number} row
 */
export function isFoldable(trace, row) {
  return trace.subtreeEnds[row] > row + 1;
}

/**
 * @param {Set<string>} set
 * @param {string[]} values
 * @param {boolean} areIn
 */
function put(set, values, areIn) {
  for (const value of values) {
    if (areIn) set.add(value);
    else set.delete(value);
  }
}
