/** The rows of the timeline: a tree grid of which only what is in sight is in the document. */

import { html, useLayoutEffect, useRef, useState } from "../../html.js";
import { windowOf } from "../../model/rows.js";
import { Row, rowId } from "./row.js";
import { Ruler } from "./ruler.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("./row.js").RowContext} RowContext */
/** @typedef {import("./use-selection.js").Reveal} Reveal */

const ROW_HEIGHT_PX = 24;
const HEAD_HEIGHT_PX = 28;
// A row this near is scrolled to as little as possible; one further away comes to the middle.
const NEAR_ROWS = 3;

/**
 * @param {object} props
 * @param {{current: HTMLDivElement | null}} props.scroller
 * @param {number} props.height of the scroller
 * @param {RowContext} props.context
 * @param {Int32Array} props.rows those that are shown, folds and matches considered
 * @param {Reveal | null} props.reveal
 * @param {unknown} props.tools the controls above the tree
 * @param {(event: KeyboardEvent, row: number, pageRows: number) => void} props.onKeyDown
 */
export function Rows({ scroller, height, context, rows, reveal, tools, onKeyDown }) {
  const [scrollTop, setScrollTop] = useState(0);
  useSteadyRows(scroller, context.trace, rows);
  useRevealing(scroller, context, rows, reveal);

  const { trace, selectedId } = context;
  const activeIndex = Math.max(0, indexOfRow(rows, trace.rowOf.get(selectedId) ?? -1));
  const inSight = height - HEAD_HEIGHT_PX;
  const indexes = drawnIndexes(
    windowOf(scrollTop, inSight, ROW_HEIGHT_PX, rows.length),
    activeIndex,
    rows.length,
  );
  return html`<div
    role="treegrid"
    class="timeline-grid"
    ref=${scroller}
    aria-label="Spans"
    aria-rowcount=${rows.length + 1}
    aria-colcount="2"
    onScroll=${(/** @type {{currentTarget: Element}} */ event) => {
      // The first row in sight is all that matters to what is drawn.
      setScrollTop(Math.floor(event.currentTarget.scrollTop / ROW_HEIGHT_PX) * ROW_HEIGHT_PX);
    }}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      const isOnRow = event.target instanceof HTMLElement && event.target.matches(".timeline-row");
      if (isOnRow) onKeyDown(event, rows[activeIndex], Math.max(1, Math.floor(inSight / ROW_HEIGHT_PX) - 1));
    }}
  >
    <div role="row" class="timeline-head" aria-rowindex="1">
      <div role="columnheader" class="timeline-head-tree">
        <span class="visually-hidden">Span</span>${tools}
      </div>
      <div role="columnheader" class="timeline-head-bars">
        <span class="visually-hidden">Time</span><${Ruler} scale=${context.scale} widthPx=${context.barsPx} />
      </div>
    </div>
    <div role="rowgroup" class="timeline-body" style=${{ height: `${rows.length * ROW_HEIGHT_PX}px` }}>
      ${indexes.map(
        (index) =>
          html`<${Row}
            key=${trace.spans[rows[index]].spanId}
            context=${context}
            row=${rows[index]}
            index=${index}
            isActive=${index === activeIndex}
            top=${index * ROW_HEIGHT_PX}
          />`,
      )}
    </div>
  </div>`;
}

/**
 * The rows in the window; and the active one wherever it is, since who leaves the document loses the focus.
 * @param {[number, number]} window
 * @param {number} activeIndex
 * @param {number} count
 */
function drawnIndexes([from, to], activeIndex, count) {
  const indexes = Array.from({ length: to - from }, (_, at) => from + at);
  if (activeIndex < from && count > 0) return [activeIndex, ...indexes];
  return activeIndex >= to && activeIndex < count ? [...indexes, activeIndex] : indexes;
}

/**
 * Where a row is among those shown, or -1.
 * @param {Int32Array} rows ascending
 * @param {number} row
 */
export function indexOfRow(rows, row) {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (rows[middle] === row) return middle;
    if (rows[middle] < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * Keeps the first row in sight where it is when the trace has grown above it.
 * @param {{current: HTMLDivElement | null}} scroller
 * @param {Trace} trace
 * @param {Int32Array} rows
 */
function useSteadyRows(scroller, trace, rows) {
  const shown = useRef({ trace, rows });
  useLayoutEffect(() => {
    const before = shown.current;
    shown.current = { trace, rows };
    if (scroller.current === null || before.trace === trace) return;
    const index = Math.floor(scroller.current.scrollTop / ROW_HEIGHT_PX);
    const first = before.trace.spans[before.rows[index]];
    const moved = indexOfRow(rows, trace.rowOf.get(first?.spanId ?? "") ?? -1);
    if (index > 0 && moved >= 0) scroller.current.scrollTop += (moved - index) * ROW_HEIGHT_PX;
  }, [trace, rows]);
}

/**
 * Scrolls to the wished span as soon as it is among the rows: it may have to be unfolded first, or to arrive.
 * @param {{current: HTMLDivElement | null}} scroller
 * @param {RowContext} context
 * @param {Int32Array} rows
 * @param {Reveal | null} reveal
 */
function useRevealing(scroller, { trace }, rows, reveal) {
  const fulfilled = useRef(/** @type {Reveal | null} */ (null));
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current === null || reveal === null || reveal === fulfilled.current) return;
    const row = trace.rowOf.get(reveal.spanId) ?? -1;
    const index = indexOfRow(rows, row);
    if (index < 0) return;
    fulfilled.current = reveal;
    scrollToIndex(current, index);
    if (reveal.takesFocus) document.getElementById(rowId(row))?.focus({ preventScroll: true });
  }, [reveal, rows, trace]);
}

/**
 * @param {HTMLElement} scroller
 * @param {number} index
 */
function scrollToIndex(scroller, index) {
  const inSight = scroller.clientHeight - HEAD_HEIGHT_PX;
  const top = index * ROW_HEIGHT_PX;
  const above = scroller.scrollTop - top;
  const below = top + ROW_HEIGHT_PX - (scroller.scrollTop + inSight);
  if (above <= 0 && below <= 0) return;
  if (Math.max(above, below) > NEAR_ROWS * ROW_HEIGHT_PX) scroller.scrollTop = top - inSight / 2;
  else scroller.scrollTop += above > 0 ? -above : below;
}
