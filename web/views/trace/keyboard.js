/** The keys of the trace page: what the sheet says of them, and what they do. */

import { useKeys } from "../keys.js";
import { isFoldable } from "./use-folding.js";
import { indexOfRow } from "./rows.js";
import { DETAILS_ID } from "./details.js";
import { SEARCH_ID } from "./toolbar.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../platform/route.js").TraceView} TraceView */
/** @typedef {import("./use-folding.js").Folding} Folding */
/** @typedef {import("./use-range.js").Zoom} Zoom */
/** @typedef {import("./use-selection.js").Selection} Selection */

/** @type {import("../keys.js").KeyHelp[]} */
export const KEYS = [
  { keys: "j k ↓ ↑", does: "Next, previous span" },
  { keys: "→ ←", does: "Unfold, fold; on to the child, the parent" },
  { keys: "Home End", does: "First, last span" },
  { keys: "Enter", does: "Show the details of the span; again to go there" },
  { keys: "Esc", does: "Close the details; select nothing" },
  { keys: "e E", does: "Next, previous error" },
  { keys: "/", does: "Find spans" },
  { keys: "n N", does: "Next, previous match" },
  { keys: "+ - 0", does: "Zoom in, out, show the whole trace" },
  { keys: "w s", does: "Zoom in, out" },
  { keys: "a d Shift+← →", does: "Pan to the left, to the right" },
  { keys: "[ ]", does: "Fold the children, unfold all below" },
  { keys: "{ }", does: "Fold all, unfold all" },
  { keys: "c", does: "Critical path on, off" },
  { keys: "t f g", does: "Timeline, flame graph, services" },
  { keys: "y", does: "Copy the link to what is shown" },
];

const ZOOM_FACTOR = 1.5;
const PAN_PART = 0.2;

/**
 * What the keys need to know and to do.
 * @typedef {object} Commands
 * @property {Trace} trace
 * @property {Int32Array} rows those that are shown
 * @property {Zoom} zoom
 * @property {Folding} folding
 * @property {Selection} selection
 * @property {(step: 1 | -1) => void} stepError
 * @property {(step: 1 | -1, takesFocus: boolean) => void} stepMatch
 * @property {() => void} toggleCritical
 * @property {(view: TraceView) => void} showView
 * @property {() => void} copyLink
 */

/**
 * @param {Commands} commands
 */
export function useTraceKeys(commands) {
  const { zoom, selection, stepError, stepMatch, showView } = commands;
  const zoomIn = () => zoom.zoomAt(0.5, ZOOM_FACTOR);
  const zoomOut = () => zoom.zoomAt(0.5, 1 / ZOOM_FACTOR);
  const panLeft = () => zoom.panBy(-PAN_PART);
  const panRight = () => zoom.panBy(PAN_PART);
  const next = () => moveBy(commands, 1);
  const previous = () => moveBy(commands, -1);
  useKeys({
    j: next,
    ArrowDown: next,
    k: previous,
    ArrowUp: previous,
    ArrowLeft: () => goLeft(commands),
    ArrowRight: () => goRight(commands),
    Escape: selection.close,
    e: () => stepError(1),
    E: () => stepError(-1),
    "/": () => document.getElementById(SEARCH_ID)?.focus(),
    n: () => stepMatch(1, true),
    N: () => stepMatch(-1, true),
    "+": zoomIn,
    "=": zoomIn,
    w: zoomIn,
    "-": zoomOut,
    s: zoomOut,
    0: zoom.showWhole,
    a: panLeft,
    "shift+ArrowLeft": panLeft,
    d: panRight,
    "shift+ArrowRight": panRight,
    "[": () => withSelected(commands, commands.folding.foldChildren),
    "]": () => withSelected(commands, commands.folding.unfoldBelow),
    "{": () => commands.folding.foldToDepth(0),
    "}": commands.folding.unfoldAll,
    c: commands.toggleCritical,
    t: () => showView("timeline"),
    f: () => showView("flame"),
    g: () => showView("services"),
    y: commands.copyLink,
  });
}

/**
 * The keys that act on the row that has the focus.
 * @param {Commands} commands
 * @param {KeyboardEvent} event
 * @param {number} row
 * @param {number} pageRows
 */
export function onRowKey(commands, event, row, pageRows) {
  const { trace, rows, selection } = commands;
  const last = rows.length - 1;
  const at = indexOfRow(rows, row);
  /** @type {Record<string, () => void>} */
  const actions = {
    Enter: () => {
      const { spanId } = trace.spans[row];
      if (selection.isOpen && selection.spanId === spanId) document.getElementById(DETAILS_ID)?.focus();
      else selection.select(spanId, { isOpen: true, isInTime: false });
    },
    Home: () => selectIndex(commands, 0),
    End: () => selectIndex(commands, last),
    PageDown: () => selectIndex(commands, Math.min(last, at + pageRows)),
    PageUp: () => selectIndex(commands, Math.max(0, at - pageRows)),
  };
  const action = actions[event.key];
  if (action === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  action();
}

/** @param {Commands} commands */
function selectedRow({ trace, selection }) {
  return trace.rowOf.get(selection.spanId) ?? -1;
}

/**
 * @param {Commands} commands
 * @param {number} index among the rows that are shown
 */
function selectIndex({ trace, rows, selection }, index) {
  const row = rows[index];
  if (row !== undefined) selection.select(trace.spans[row].spanId, { isInTime: false });
}

/**
 * @param {Commands} commands
 * @param {1 | -1} step
 */
function moveBy(commands, step) {
  const { rows } = commands;
  const at = indexOfRow(rows, selectedRow(commands));
  if (at < 0) selectIndex(commands, 0);
  else selectIndex(commands, Math.min(Math.max(at + step, 0), rows.length - 1));
}

/** @param {Commands} commands */
function goLeft(commands) {
  const { trace, folding, selection } = commands;
  const row = selectedRow(commands);
  if (row < 0) return moveBy(commands, 1);
  const isOpen = isFoldable(trace, row) && !folding.folded.has(selection.spanId);
  if (isOpen) folding.fold(row, true);
  else if (trace.parents[row] >= 0)
    selection.select(trace.spans[trace.parents[row]].spanId, { isInTime: false });
}

/** @param {Commands} commands */
function goRight(commands) {
  const { trace, folding, selection } = commands;
  const row = selectedRow(commands);
  if (row < 0) return moveBy(commands, 1);
  if (!isFoldable(trace, row)) return;
  if (folding.folded.has(selection.spanId)) folding.fold(row, false);
  else moveBy(commands, 1);
}

/**
 * @param {Commands} commands
 * @param {(row: number) => void} action
 */
function withSelected(commands, action) {
  const row = selectedRow(commands);
  if (row >= 0) action(row);
}
