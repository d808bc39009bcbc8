/** The wheel on the timeline: with Control it zooms at the pointer, sideways it pans. */

import { useEffect, useRef } from "../../html.js";

/** @typedef {import("./use-range.js").Zoom} Zoom */

const SPEED = 0.0025;
// Two fingers on a pad come as Control and a wheel that turns by little at a time.
const PINCH_SPEED = 0.01;
const LARGEST_PINCH_PX = 30;
// Some browsers count a mouse's wheel in lines.
const LINE_PX = 32;

/**
 * A listener that may prevent scrolling cannot be declared in a template.
 * @param {{current: HTMLElement | null}} area
 * @param {Zoom} zoom
 * @param {(event: WheelEvent, box: DOMRect) => number} fractionAt where the pointer is in what is in sight
 */
export function useWheel(area, zoom, fractionAt) {
  const latest = useRef({ zoom, fractionAt });
  latest.current = { zoom, fractionAt };
  useEffect(() => {
    const { current } = area;
    if (current === null) return undefined;
    const turn = (/** @type {WheelEvent} */ event) => {
      const box = current.getBoundingClientRect();
      const at = latest.current.fractionAt(event, box);
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const { zoomAt, panBy } = latest.current.zoom;
      if (event.ctrlKey) zoomAt(Math.min(Math.max(at, 0), 1), factorOf(event));
      else if (isSideways) panBy(event.deltaX / box.width);
      else return;
      event.preventDefault();
    };
    current.addEventListener("wheel", turn, { passive: false });
    return () => current.removeEventListener("wheel", turn);
  }, [area]);
}

/** @param {WheelEvent} event */
function factorOf({ deltaY, deltaMode }) {
  const deltaPx = deltaMode === WheelEvent.DOM_DELTA_LINE ? deltaY * LINE_PX : deltaY;
  return Math.exp(-deltaPx * (Math.abs(deltaPx) <= LARGEST_PINCH_PX ? PINCH_SPEED : SPEED));
}
