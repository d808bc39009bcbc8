/** The line under the pointer, with its time. */

import { html, useEffect, useState } from "../../html.js";
import { exactNano, formatDuration } from "../../model/formats.js";

/** @typedef {import("../../model/scale.js").TimeScale} TimeScale */

/**
 * @param {{area: {current: HTMLElement | null}, scale: TimeScale, treePx: number, barsPx: number}} props
 */
export function Cursor({ area, scale, treePx, barsPx }) {
  const [atPx, setAtPx] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    const { current } = area;
    if (current === null) return undefined;
    const ending = new AbortController();
    const { signal } = ending;
    const move = (/** @type {PointerEvent} */ event) => {
      const x = event.clientX - current.getBoundingClientRect().left - treePx;
      setAtPx(x >= 0 && x <= barsPx ? x : null);
    };
    current.addEventListener("pointermove", move, { signal, passive: true });
    current.addEventListener("pointerleave", () => setAtPx(null), { signal });
    return () => ending.abort();
  }, [area, treePx, barsPx]);

  if (atPx === null) return null;
  const nano = scale.toNano(atPx / barsPx);
  const isAtEnd = atPx > barsPx / 2;
  return html`<div
    class="timeline-cursor"
    style=${{ transform: `translateX(${treePx + atPx}px)` }}
    aria-hidden="true"
  >
    <span
      class=${isAtEnd ? "timeline-cursor-time is-at-end" : "timeline-cursor-time"}
      title=${exactNano(nano)}
    >
      +${formatDuration(nano)}
    </span>
  </div>`;
}
