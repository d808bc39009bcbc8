/** The scatter plot over the table: point at a trace, click to see it, drag to search for what is in the box. */
import { html, useLayoutEffect, useMemo, useRef, useState } from "../../html.js";
import { formatDuration, formatTime } from "../../model/formats.js";
import { durationAt, durationRange, durationTicks, nearest, scatterPoints } from "../../model/scatter.js";
import { usePreference } from "../../platform/preferences.js";
import { Text } from "../trace/text.js";
import { useSize } from "../trace/use-size.js";
import { clockTicks, durationText, timeSpanOf, timeText } from "./plot-scales.js";
import { useTheme } from "../canvas.js";
import { drawScatter, fromPixels, MARGINS, toPixels } from "./scatter-canvas.js";
import { errorText } from "./trace-row.js";

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */
/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("../../model/scatter.js").Point} Point */
/** @typedef {{left: number, top: number}} Place */
/** @typedef {{from: Place, to: Place}} Box in pixels */

/** So near to a point is on it. */
const NEAR_PX = 14;
/** A drag that is shorter is a click with a shaking hand; a box that is flatter says nothing of that direction. */
const LEAST_DRAG_PX = 6;
const TICK_PX = 90;
const TIP_PX = 10;

/**
 * @param {object} properties
 * @param {TraceSummary[]} properties.traces
 * @param {(traceId: string) => void} properties.onOpen
 * @param {(change: Partial<Filters>) => void} properties.onBrush
 */
export function Scatter({ traces, onOpen, onBrush }) {
  const [zone] = usePreference("zone");
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const size = useSize(frame, { width: 600, height: 140 });
  const [pointed, setPointed] = useState(/** @type {Point | null} */ (null));
  const [box, setBox] = useState(/** @type {Box | null} */ (null));
  const theme = useTheme();
  const { span, range, points } = useMemo(() => {
    const timeSpan = timeSpanOf(traces);
    const durations = durationRange(traces);
    return { span: timeSpan, range: durations, points: scatterPoints(traces, timeSpan, durations) };
  }, [traces]);

  useLayoutEffect(() => {
    const xTicks = clockTicks(span, Math.max(2, size.width / TICK_PX), zone);
    if (canvas.current)
      drawScatter(canvas.current, { ...size, points, pointed, xTicks, yTicks: durationTicks(range) });
  }, [points, pointed, size, zone, theme]);

  /** @type {(event: PointerEvent) => void} */
  function onPointerDown(event) {
    if (event.button !== 0) return;
    canvas.current?.setPointerCapture(event.pointerId);
    const place = placeOf(event);
    setBox({ from: place, to: place });
  }

  /** @type {(event: PointerEvent) => void} */
  function onPointerMove(event) {
    const place = placeOf(event);
    if (box) setBox({ ...box, to: place });
    setPointed(box && isDrag(box) ? null : near(points, place, size));
  }

  /** @type {(event: PointerEvent) => void} */
  function onPointerUp(event) {
    if (!box) return;
    const drawn = { ...box, to: placeOf(event) };
    setBox(null);
    if (isDrag(drawn)) return onBrush(searchFor(drawn, size, span, range));
    const hit = near(points, drawn.to, size);
    if (hit) onOpen(hit.trace.traceId);
  }

  return html`
    <div class="list-scatter" ref=${frame}>
      <canvas
        ref=${canvas}
        role="img"
        aria-label=${`Durations of ${traces.length} traces by their start; the table has them all`}
        data-pointed=${pointed !== null}
        onPointerDown=${onPointerDown}
        onPointerMove=${onPointerMove}
        onPointerUp=${onPointerUp}
        onPointerCancel=${() => setBox(null)}
        onPointerLeave=${() => setPointed(null)}
      ></canvas>
      ${box && isDrag(box) && html`<div class="list-brush" style=${brushStyle(box)}></div>`}
      ${pointed && html`<${Tip} point=${pointed} size=${size} zone=${zone} />`}
    </div>
  `;
}

/** @param {{point: Point, size: {width: number, height: number}, zone: "local" | "utc"}} properties */
function Tip({ point, size, zone }) {
  const { left, top } = toPixels(point, size);
  // Where there is more room.
  const place =
    left > size.width / 2 ? { right: `${size.width - left + TIP_PX}px` } : { left: `${left + TIP_PX}px` };
  const { trace } = point;
  return html`
    <div class="list-tip" style=${{ top: `${top}px`, ...place }}>
      <strong><${Text} text=${trace.rootName} limit=${80} /></strong>
      <span><${Text} text=${trace.rootService} limit=${80} /></span>
      <span>${formatDuration(trace.durationNano)}, ${formatTime(BigInt(trace.startTimeUnixNano), zone)}</span>
      ${trace.errorCount > 0 && html`<span class="list-tip-errors">${errorText(trace.errorCount)}</span>`}
    </div>
  `;
}

/** @type {(event: PointerEvent) => Place} */
function placeOf(event) {
  return { left: event.offsetX, top: event.offsetY };
}

/** @type {(points: Point[], place: Place, size: {width: number, height: number}) => Point | null} */
function near(points, place, size) {
  const { x, y } = fromPixels(place, size);
  const innerWidth = size.width - MARGINS.left - MARGINS.right;
  const innerHeight = size.height - MARGINS.top - MARGINS.bottom;
  const found = nearest(points, x, y, innerWidth / innerHeight);
  if (!found) return null;
  const at = toPixels(found, size);
  return Math.hypot(at.left - place.left, at.top - place.top) <= NEAR_PX ? found : null;
}

/** @type {(box: Box) => boolean} */
function isDrag({ from, to }) {
  return Math.hypot(to.left - from.left, to.top - from.top) >= LEAST_DRAG_PX;
}

/** @type {(box: Box) => Record<string, string>} */
function brushStyle({ from, to }) {
  return {
    left: `${Math.min(from.left, to.left)}px`,
    top: `${Math.min(from.top, to.top)}px`,
    width: `${Math.abs(from.left - to.left)}px`,
    height: `${Math.abs(from.top - to.top)}px`,
  };
}

/**
 * What a box asks for. An edge of the plot is no bound, and a direction in which the box is flat none at all.
 * @param {Box} box
 * @param {{width: number, height: number}} size
 * @param {import("./plot-scales.js").TimeSpan} span
 * @param {import("../../model/scatter.js").DurationRange} range
 * @returns {Partial<Filters>}
 */
function searchFor(box, size, span, range) {
  const [a, b] = [fromPixels(box.from, size), fromPixels(box.to, size)];
  /** @type {Partial<Filters>} */
  const search = {};
  if (Math.abs(box.from.left - box.to.left) >= LEAST_DRAG_PX) {
    const at = (/** @type {number} */ x) => span.from + BigInt(Math.round(x * Number(span.to - span.from)));
    search.start = timeText(at(Math.min(a.x, b.x)), "down");
    search.end = timeText(at(Math.max(a.x, b.x)), "up");
  }
  if (Math.abs(box.from.top - box.to.top) >= LEAST_DRAG_PX) {
    const [bottom, top] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
    if (bottom > 0) search.minDuration = durationText(durationAt(bottom, range), "down");
    if (top < 1) search.maxDuration = durationText(durationAt(top, range), "up");
  }
  return search;
}
