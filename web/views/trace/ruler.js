/** The times above the bars, and their lines behind the rows. */

import { html, useMemo } from "../../html.js";
import { ticks } from "../../model/scale.js";

/** @typedef {import("../../model/scale.js").TimeScale} TimeScale */

const TICK_PX = 110;
// A label needs so much to its right.
const LABEL_PX = 70;

/**
 * @param {TimeScale} scale
 * @param {number} widthPx
 */
function useTicks(scale, widthPx) {
  return useMemo(
    () => ticks(scale.start, scale.end, Math.max(2, Math.floor(widthPx / TICK_PX))),
    [scale, widthPx],
  );
}

/**
 * @param {{scale: TimeScale, widthPx: number}} props
 */
export function Ruler({ scale, widthPx }) {
  return html`<div class="timeline-ruler">
    ${useTicks(scale, widthPx).map(({ nano, label }) => {
      const atPx = scale.toFraction(nano) * widthPx;
      const isAtEnd = widthPx - atPx < LABEL_PX;
      return html`<span
        class=${isAtEnd ? "timeline-tick is-at-end" : "timeline-tick"}
        style=${{ left: `${atPx}px` }}
        key=${nano}
      >
        ${label}
      </span>`;
    })}
  </div>`;
}

/**
 * @param {{scale: TimeScale, widthPx: number}} props
 */
export function GridLines({ scale, widthPx }) {
  return html`<div class="timeline-lines" style=${{ width: `${widthPx}px` }} aria-hidden="true">
    ${useTicks(scale, widthPx).map(
      ({ nano }) =>
        html`<span style=${{ left: `${scale.toFraction(nano) * widthPx}px` }} key=${nano}></span>`,
    )}
  </div>`;
}
