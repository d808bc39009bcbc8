/** Drawing the bars of the flame graph, and finding the one at a place. */

import { serviceColour } from "../../model/colours.js";
import { shortened } from "./text.js";
import { colourReader, sizedContext } from "../canvas.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/flame.js").FlameBar} FlameBar */
/** @typedef {import("../../model/scale.js").TimeScale} TimeScale */

export const LANE_PX = 20;
const GAP_PX = 1;
const LEAST_BAR_PX = 1;
// A name that has less room than this is not written.
const LEAST_LABEL_PX = 32;
const LABEL_AIR_PX = 5;
const CHARACTER_PX = 6;

/**
 * @typedef {object} Flame
 * @property {Trace} trace
 * @property {FlameBar[]} bars
 * @property {TimeScale} scale
 * @property {number} width
 * @property {number} height of what is in sight
 * @property {number} scrollTop how far below the first lane that begins, in pixels
 * @property {number} selectedRow
 * @property {number} hovered a row
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Flame} flame
 */
export function drawFlame(canvas, flame) {
  const { trace, bars, scale, width, height, scrollTop } = flame;
  const context = sizedContext(canvas, width, height);
  if (context === null) return;
  const colour = colourReader(canvas);
  const services = new Map(
    trace.services.map((service) => [service, colour(`service-${serviceColour(service, trace.services)}`)]),
  );
  const [error, ink, paper] = [colour("error"), colour("fg"), colour("bg")];
  context.font = `11px ${colour("font")}`;
  context.textBaseline = "middle";
  /** @type {Map<number, number>} where the last bar of each lane ended: bars within one pixel are drawn once */
  const drawnTo = new Map();
  for (const bar of bars) {
    const top = bar.depth * LANE_PX - scrollTop;
    if (top + LANE_PX < 0 || top > height) continue;
    const [left, right] = edges(bar, scale, width);
    if (right < 0 || left > width) continue;
    if (right - left <= LEAST_BAR_PX && (drawnTo.get(bar.depth) ?? -1) >= right) continue;
    drawnTo.set(bar.depth, right);
    const span = trace.spans[bar.row];
    const [from, to] = [Math.max(0, left), Math.min(width, right)];
    const room = Math.max(LEAST_BAR_PX, to - from - GAP_PX);
    context.fillStyle = services.get(span.service) ?? ink;
    context.fillRect(from, top, room, LANE_PX - GAP_PX);
    if (span.status === "ERROR") {
      context.fillStyle = error;
      context.fillRect(from, top + LANE_PX - GAP_PX - 4, room, 4);
    }
    if (bar.row === flame.selectedRow || bar.row === flame.hovered) {
      context.strokeStyle = ink;
      context.lineWidth = bar.row === flame.selectedRow ? 2 : 1;
      context.strokeRect(from + 1, top + 1, Math.max(1, room - 2), LANE_PX - GAP_PX - 2);
    }
    if (room >= LEAST_LABEL_PX) {
      context.fillStyle = paper;
      const characters = Math.floor((room - 2 * LABEL_AIR_PX) / CHARACTER_PX);
      context.fillText(
        shortened(`${span.service} ${span.name}`.trim(), characters),
        from + LABEL_AIR_PX,
        top + LANE_PX / 2 - 1,
        room - 2 * LABEL_AIR_PX,
      );
    }
  }
}

/**
 * Return the row of the bar at a place, or -1; `y` is from the first lane on.
 * @param {FlameBar[]} bars
 * @param {TimeScale} scale
 * @param {number} width
 * @param {number} x
 * @param {number} y
 */
export function barAt(bars, scale, width, x, y) {
  const lane = Math.floor(y / LANE_PX);
  for (const bar of bars) {
    if (bar.depth !== lane) continue;
    const [left, right] = edges(bar, scale, width);
    if (x >= left && x <= right) return bar.row;
  }
  return -1;
}

/** @type {(bar: FlameBar, scale: TimeScale, width: number) => [number, number]} */
function edges({ from, to }, scale, width) {
  const left = scale.toFraction(from) * width;
  return [left, Math.max(left + LEAST_BAR_PX, scale.toFraction(to) * width)];
}
