/** Draws the scatter plot: axes, a dot for each trace, a cross for each that failed. */

import { colourReader, sizedContext } from "../canvas.js";

/** @typedef {import("../../model/scatter.js").Point} Point */

/** Room for the labels, in pixels. */
export const MARGINS = { left: 52, right: 8, top: 8, bottom: 18 };
const DOT_RADIUS = 3;
const CROSS_RADIUS = 3.5;

/**
 * @typedef {object} Plot
 * @property {number} width of the whole canvas, in pixels of the page
 * @property {number} height
 * @property {Point[]} points
 * @property {Point | null} pointed the one that the pointer is near to
 * @property {{x: number, label: string}[]} xTicks
 * @property {{y: number, label: string}[]} yTicks
 */

/**
 * Where a point stands on the canvas.
 * @param {{x: number, y: number}} point
 * @param {{width: number, height: number}} size
 * @returns {{left: number, top: number}}
 */
export function toPixels({ x, y }, { width, height }) {
  return {
    left: MARGINS.left + x * (width - MARGINS.left - MARGINS.right),
    top: MARGINS.top + (1 - y) * (height - MARGINS.top - MARGINS.bottom),
  };
}

/**
 * What stands at a place on the canvas, from 0 to 1.
 * @param {{left: number, top: number}} place
 * @param {{width: number, height: number}} size
 * @returns {{x: number, y: number}}
 */
export function fromPixels({ left, top }, { width, height }) {
  const x = (left - MARGINS.left) / (width - MARGINS.left - MARGINS.right);
  const y = 1 - (top - MARGINS.top) / (height - MARGINS.top - MARGINS.bottom);
  return { x: Math.min(Math.max(0, x), 1), y: Math.min(Math.max(0, y), 1) };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Plot} plot
 */
export function drawScatter(canvas, plot) {
  const context = sizedContext(canvas, plot.width, plot.height);
  if (context === null) return;
  const colour = colourReader(canvas);
  context.font = `11px ${colour("font")}`;
  drawAxes(context, plot, colour("border"), colour("fg-muted"));
  for (const point of plot.points) {
    if (point.trace.errorCount === 0) drawDot(context, toPixels(point, plot), colour("accent"));
  }
  // On top: there are few of them, and they are what is looked for.
  for (const point of plot.points) {
    if (point.trace.errorCount > 0) drawCross(context, toPixels(point, plot), colour("error"));
  }
  if (plot.pointed) drawRing(context, toPixels(plot.pointed, plot), colour("fg"));
}

/** @type {(context: CanvasRenderingContext2D, plot: Plot, line: string, text: string) => void} */
function drawAxes(context, plot, line, text) {
  const { width, height, xTicks, yTicks } = plot;
  context.strokeStyle = line;
  context.fillStyle = text;
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { y, label } of yTicks) {
    const top = Math.round(toPixels({ x: 0, y }, plot).top) + 0.5;
    strokeLine(context, MARGINS.left, top, width - MARGINS.right, top);
    context.fillText(label, MARGINS.left - 6, top);
  }
  context.textBaseline = "bottom";
  context.textAlign = "center";
  for (const { x, label } of xTicks) {
    const { left } = toPixels({ x, y: 0 }, plot);
    const half = context.measureText(label).width / 2;
    if (left - half >= MARGINS.left && left + half <= width) context.fillText(label, left, height - 1);
  }
}

/** @type {(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number) => void} */
function strokeLine(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** @typedef {{left: number, top: number}} Place */

/** @type {(context: CanvasRenderingContext2D, place: Place, colour: string) => void} */
function drawDot(context, { left, top }, colour) {
  context.globalAlpha = 0.65;
  context.fillStyle = colour;
  context.beginPath();
  context.arc(left, top, DOT_RADIUS, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 1;
}

/** @type {(context: CanvasRenderingContext2D, place: Place, colour: string) => void} */
function drawCross(context, { left, top }, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  strokeLine(context, left - CROSS_RADIUS, top - CROSS_RADIUS, left + CROSS_RADIUS, top + CROSS_RADIUS);
  strokeLine(context, left - CROSS_RADIUS, top + CROSS_RADIUS, left + CROSS_RADIUS, top - CROSS_RADIUS);
}

/** @type {(context: CanvasRenderingContext2D, place: Place, colour: string) => void} */
function drawRing(context, { left, top }, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(left, top, DOT_RADIUS + 3, 0, 2 * Math.PI);
  context.stroke();
}
