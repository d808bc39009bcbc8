/** The whole trace in little: what is in sight is a window on it that is dragged, resized and drawn anew. */

import { html, useLayoutEffect, useRef } from "../../html.js";
import { serviceColour } from "../../model/colours.js";
import { formatDuration } from "../../model/formats.js";
import { colourReader, sizedContext, useTheme } from "../canvas.js";
import { endOf } from "./bar-geometry.js";
import { useSize } from "./use-size.js";
import { useWheel } from "./use-wheel.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/scale.js").TimeScale} TimeScale */
/** @typedef {import("./use-range.js").Zoom} Zoom */

const HEIGHT_PX = 44;
const PADDING_PX = 3;
const LARGEST_BAR_PX = 4;
const HANDLE_PX = 7;
// A shorter drag is a click.
const DRAWN_PX = 4;

/**
 * What the pointer does from when it is pressed until it is let go; times are fractions of the trace.
 * @typedef {object} Drag
 * @property {"start" | "end" | "move" | "draw"} part
 * @property {number} at where it began
 * @property {[number, number]} window what was in sight
 */

/**
 * @param {{trace: Trace, zoom: Zoom}} props
 */
export function Minimap({ trace, zoom }) {
  const area = useRef(/** @type {HTMLDivElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { width } = useSize(area, { width: 0, height: HEIGHT_PX });
  const theme = useTheme();
  useLayoutEffect(() => {
    if (canvas.current !== null && width > 0) draw(canvas.current, trace, width);
  }, [trace, width, theme]);

  const { scale } = zoom;
  const left = scale.start / trace.durationNano;
  const right = scale.end / trace.durationNano;
  const [from, to] = [scale.start, scale.end].map(formatDuration);
  const drag = useDrag(area, trace, zoom);
  useWheel(area, zoom, (event, box) => {
    return scale.toFraction(((event.clientX - box.left) / box.width) * trace.durationNano);
  });
  return html`<div
    class="minimap"
    ref=${area}
    role="img"
    aria-label=${`The whole trace; in sight is ${from} to ${to}`}
    ...${drag}
    onDblClick=${zoom.showWhole}
  >
    <canvas ref=${canvas}></canvas>
    <span class="minimap-outside" style=${{ left: 0, width: `${left * 100}%` }}></span>
    <span class="minimap-outside" style=${{ left: `${right * 100}%`, right: 0 }}></span>
    <span
      class=${zoom.isWhole ? "minimap-window" : "minimap-window is-part"}
      style=${{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
    ></span>
  </div>`;
}

/**
 * @param {{current: HTMLElement | null}} area
 * @param {Trace} trace
 * @param {Zoom} zoom
 */
function useDrag(area, trace, zoom) {
  const drag = useRef(/** @type {Drag | null} */ (null));
  const fractionAt = (/** @type {PointerEvent} */ event) => {
    const box = /** @type {HTMLElement} */ (area.current).getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  };
  return {
    onPointerDown: (/** @type {PointerEvent & {currentTarget: HTMLElement}} */ event) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = begin(fractionAt(event), trace, zoom, event.currentTarget.clientWidth);
    },
    onPointerMove: (/** @type {PointerEvent & {currentTarget: HTMLElement}} */ event) => {
      if (drag.current === null) return;
      const [start, end] = dragged(drag.current, fractionAt(event));
      if (drag.current.part === "draw" && (end - start) * event.currentTarget.clientWidth < DRAWN_PX) return;
      zoom.show(start * trace.durationNano, end * trace.durationNano);
    },
    onLostPointerCapture: () => {
      drag.current = null;
    },
  };
}

/**
 * @param {number} at
 * @param {Trace} trace
 * @param {Zoom} zoom
 * @param {number} widthPx
 * @returns {Drag}
 */
function begin(at, trace, { scale, isWhole }, widthPx) {
  const start = scale.start / trace.durationNano;
  const end = scale.end / trace.durationNano;
  const near = HANDLE_PX / widthPx;
  /** @type {Drag["part"]} */
  let part = "draw";
  if (Math.abs(at - start) < near) part = "start";
  else if (Math.abs(at - end) < near) part = "end";
  else if (!isWhole && at > start && at < end) part = "move";
  return { part, at, window: [start, end] };
}

/**
 * @param {Drag} drag
 * @param {number} at where the pointer is
 * @returns {[number, number]} what is in sight then
 */
function dragged({ part, at: began, window: [start, end] }, at) {
  if (part === "move") return [start + at - began, end + at - began];
  if (part === "draw") return [Math.min(began, at), Math.max(began, at)];
  const fixed = part === "start" ? end : start;
  return [Math.min(fixed, at), Math.max(fixed, at)];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Trace} trace
 * @param {number} width
 */
function draw(canvas, trace, width) {
  const context = sizedContext(canvas, width, HEIGHT_PX);
  if (context === null) return;
  const ratio = context.getTransform().a;
  const colours = coloursOf(canvas, trace);
  const count = trace.spans.length;
  const step = (HEIGHT_PX - 2 * PADDING_PX) / Math.max(1, count);
  const height = Math.min(LARGEST_BAR_PX, Math.max(1, step * 0.8));
  const bar = (/** @type {number} */ row) => {
    const span = trace.spans[row];
    const left = (span.startNano / trace.durationNano) * width;
    const right = (endOf(trace, span) / trace.durationNano) * width;
    // On whole pixels: a line between two of them is a faint one.
    const top = Math.round((PADDING_PX + row * step) * ratio) / ratio;
    context.fillRect(left, top, Math.max(1, right - left), height);
  };
  trace.spans.forEach((span, row) => {
    context.fillStyle = colours.services.get(span.service) ?? colours.error;
    bar(row);
  });
  // Errors last, so that nothing hides them.
  context.fillStyle = colours.error;
  trace.spans.forEach((span, row) => span.status === "ERROR" && bar(row));
}

/**
 * @param {Element} element
 * @param {Trace} trace
 */
function coloursOf(element, trace) {
  const colour = colourReader(element);
  const services = new Map(
    trace.services.map((service) => [service, colour(`service-${serviceColour(service, trace.services)}`)]),
  );
  return { services, error: colour("error") };
}
