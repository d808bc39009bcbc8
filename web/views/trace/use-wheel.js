/** The wheel on the timeline: with Control it zooms at the pointer, sideways it pans. */

import { useEffect, useRef } from "../../html.js";

/** @typedef {import("./use-range.js").Zoom} Zoom */

const SPEED = 0.0025;

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
      if (event.ctrlKey) zoomAt(Math.min(Math.max(at, 0), 1), Math.exp(-event.deltaY * SPEED));
      else if (isSideways) panBy(event.deltaX / box.width);
      else return;
      event.preventDefault();
    };
    current.addEventListener("wheel", turn, { passive: false });
    return () => current.removeEventListener("wheel", turn);
  }, [area]);
}
