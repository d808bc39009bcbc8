/** The flame graph: the whole trace at a glance, each span below its parent, those at the same time side by side. */

import { html, useLayoutEffect, useMemo, useRef, useState } from "../../html.js";
import { flameLayout } from "../../model/flame.js";
import { selfTimes } from "../../model/self-time.js";
import { useTheme } from "../canvas.js";
import { keyName } from "../keys.js";
import { barAt, drawFlame, LANE_PX } from "./flame-canvas.js";
import { FlameTip, spokenSpan } from "./flame-tip.js";
import { useRange } from "./use-range.js";
import { useSize } from "./use-size.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/flame.js").FlameBar} FlameBar */

const ZOOM_FACTOR = 1.25;
// What a span that is zoomed to fills.
const ZOOMED_PART = 0.9;

/**
 * @param {object} props
 * @param {Trace} props.trace
 * @param {App} props.app
 * @param {string} props.selected a span id, "" for none
 * @param {(spanId: string) => void} props.onSelect
 */
export function FlameView({ trace, app, selected, onSelect }) {
  const area = useRef(/** @type {HTMLDivElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { width, height } = useSize(area, { width: 0, height: 0 });
  const [scrollTop, setScrollTop] = useState(0);
  const [hovered, setHovered] = useState(/** @type {Hovered | null} */ (null));
  const zoom = useRange(trace);
  const theme = useTheme();
  const bars = useMemo(() => flameLayout(trace), [trace]);
  const own = useMemo(() => selfTimes(trace), [trace]);
  const lanesHeight = (bars.reduce((deepest, { depth }) => Math.max(deepest, depth), 0) + 1) * LANE_PX;
  // What is in sight, and no more: thousands of lanes are more than a canvas takes.
  const shownHeight = Math.min(lanesHeight, height);
  const selectedRow = trace.rowOf.get(selected) ?? -1;
  const pointed = useHitTest({ area, canvas, bars, zoom, width });

  useLayoutEffect(() => {
    if (canvas.current === null || width === 0) return;
    const shown = { width, height: shownHeight, scrollTop };
    drawFlame(canvas.current, {
      trace,
      bars,
      scale: zoom.scale,
      ...shown,
      selectedRow,
      hovered: hovered?.row ?? -1,
    });
  }, [trace, bars, zoom.scale, width, shownHeight, scrollTop, selectedRow, hovered?.row, theme]);

  const select = (/** @type {number} */ row) => {
    onSelect(trace.spans[row].spanId);
    app.announce(spokenSpan(trace, own, row));
    zoom.reveal(trace.spans[row].startNano, trace.spans[row].startNano + trace.spans[row].durationNano);
    revealLane(area.current, bars, row);
  };
  const zoomTo = (/** @type {number} */ row) => {
    const { startNano, durationNano } = trace.spans[row];
    const margin = (Math.max(1, durationNano) * (1 / ZOOMED_PART - 1)) / 2;
    zoom.show(startNano - margin, startNano + durationNano + margin);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const name = keyName(event);
    const next = MOVES[name]?.(trace, selectedRow);
    if (next !== undefined && next >= 0) select(next);
    else if (name === "Enter" && selectedRow >= 0) zoomTo(selectedRow);
    else if (name === "Escape" && !zoom.isWhole) zoom.showWhole();
    else return;
    // Else the page's own keys would act on it too.
    event.preventDefault();
    event.stopPropagation();
  };

  return html`<div class="flame">
    <p class="flame-hint muted">
      Click selects, double click or Enter zooms to a span, Ctrl and the wheel zoom, arrows go from span to span.
      <button type="button" class="button button-quiet" disabled=${zoom.isWhole} onClick=${zoom.showWhole}>Whole trace</button>
    </p>
    <div
      class="flame-area"
      ref=${area}
      tabindex="0"
      role="application"
      aria-roledescription="flame graph"
      aria-label=${`${trace.spans.length} spans; arrow keys go from span to span, Enter zooms`}
      onKeyDown=${onKeyDown}
      onScroll=${(/** @type {{currentTarget: HTMLElement}} */ event) => {
        setScrollTop(event.currentTarget.scrollTop);
        // Another span is under the pointer now.
        setHovered(null);
      }}
      onPointerMove=${(/** @type {PointerEvent} */ event) => setHovered(pointed(event))}
      onPointerLeave=${() => setHovered(null)}
      onClick=${(/** @type {PointerEvent} */ event) => {
        const hit = pointed(event);
        if (hit !== null) select(hit.row);
      }}
      onDblClick=${(/** @type {PointerEvent} */ event) => {
        const hit = pointed(event);
        if (hit === null) zoom.showWhole();
        else zoomTo(hit.row);
      }}
      onWheel=${(/** @type {WheelEvent} */ event) => onWheel(event, canvas.current, zoom)}
    >
      <div style=${{ height: `${lanesHeight}px` }}>
        <canvas ref=${canvas} style=${{ width: `${width}px`, height: `${shownHeight}px` }}></canvas>
      </div>
    </div>
    ${hovered && html`<${FlameTip} trace=${trace} own=${own} ...${hovered} />`}
  </div>`;
}

/** @typedef {{row: number, x: number, y: number}} Hovered a row, and where the pointer is in the window */

/** @type {Record<string, (trace: Trace, row: number) => number>} */
const MOVES = {
  ArrowUp: (trace, row) => (row < 0 ? 0 : trace.parents[row]),
  ArrowDown: (trace, row) => (row < 0 ? 0 : row + 1 < trace.subtreeEnds[row] ? row + 1 : -1),
  ArrowRight: (trace, row) => {
    if (row < 0) return 0;
    const next = trace.subtreeEnds[row];
    return next < trace.spans.length && trace.parents[next] === trace.parents[row] ? next : -1;
  },
  ArrowLeft: (trace, row) => {
    let sibling = row - 1;
    while (sibling >= 0 && trace.depths[sibling] > trace.depths[row]) sibling -= 1;
    return sibling >= 0 && trace.parents[sibling] === trace.parents[row] ? sibling : -1;
  },
};

/**
 * @param {object} view
 * @param {{current: HTMLElement | null}} view.area
 * @param {{current: HTMLCanvasElement | null}} view.canvas
 * @param {FlameBar[]} view.bars
 * @param {import("./use-range.js").Zoom} view.zoom
 * @param {number} view.width
 * @returns {(event: PointerEvent) => Hovered | null}
 */
function useHitTest({ area, canvas, bars, zoom, width }) {
  return (event) => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) return null;
    const y = event.clientY - box.top + (area.current?.scrollTop ?? 0);
    const row = barAt(bars, zoom.scale, width, event.clientX - box.left, y);
    return row < 0 ? null : { row, x: event.clientX, y: event.clientY };
  };
}

/** @type {(event: WheelEvent, canvas: HTMLCanvasElement | null, zoom: import("./use-range.js").Zoom) => void} */
function onWheel(event, canvas, zoom) {
  if (canvas === null || !(event.ctrlKey || event.metaKey)) return;
  // Else the browser zooms the page.
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  const at = (event.clientX - box.left) / box.width;
  zoom.zoomAt(at, event.deltaY < 0 ? ZOOM_FACTOR : 1 / ZOOM_FACTOR);
}

/** @type {(area: HTMLElement | null, bars: FlameBar[], row: number) => void} */
function revealLane(area, bars, row) {
  const bar = bars.find((one) => one.row === row);
  if (area === null || bar === undefined) return;
  const top = bar.depth * LANE_PX;
  if (top < area.scrollTop) area.scrollTop = top;
  else if (top + LANE_PX > area.scrollTop + area.clientHeight)
    area.scrollTop = top + LANE_PX - area.clientHeight;
}
