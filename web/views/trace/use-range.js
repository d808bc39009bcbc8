/** The time in sight: zoomed and panned within the trace, and kept in its place while the trace grows. */

import { useMemo, useRef, useState } from "../../html.js";
import { makeScale } from "../../model/scale.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/scale.js").TimeScale} TimeScale */

/**
 * @typedef {object} Zoom
 * @property {TimeScale} scale what is in sight, in nanoseconds since the start of the trace
 * @property {boolean} isWhole
 * @property {(start: number, end: number) => void} show
 * @property {(fraction: number, factor: number) => void} zoomAt the time at the fraction stays where it is
 * @property {(fraction: number) => void} panBy a part of what is in sight
 * @property {() => void} showWhole
 * @property {(start: number, end: number) => void} reveal goes there unless a part of it is in sight
 */

// How much of what is in sight a revealed span fills at most.
const REVEALED_PART = 0.8;

/**
 * What is kept: the time in sight, and the start of the trace that it counts from; null is the whole trace,
 * however it grows.
 * @typedef {{scale: TimeScale, startUnixNano: bigint} | null} Kept
 */

/**
 * @param {Trace} trace
 * @returns {Zoom}
 */
export function useRange(trace) {
  const [kept, setKept] = useState(/** @type {Kept} */ (null));
  const scale = useMemo(() => scaleOf(trace, kept), [trace, kept]);
  // Several turns of the wheel may come before the next render: each goes on from the one before.
  const latest = useRef(scale);
  latest.current = scale;
  return useMemo(() => {
    const put = (/** @type {TimeScale} */ wanted) => {
      const next = wanted.clamp(0, trace.durationNano);
      latest.current = next;
      const isWhole = next.start <= 0 && next.end >= trace.durationNano;
      setKept(isWhole ? null : { scale: next, startUnixNano: trace.startUnixNano });
    };
    return {
      scale,
      isWhole: kept === null,
      show: (/** @type {number} */ start, /** @type {number} */ end) => put(makeScale(start, end)),
      zoomAt: (/** @type {number} */ fraction, /** @type {number} */ factor) =>
        put(latest.current.zoomAt(fraction, factor)),
      panBy: (/** @type {number} */ fraction) => put(latest.current.panBy(fraction)),
      showWhole: () => setKept(null),
      reveal: (/** @type {number} */ start, /** @type {number} */ end) => {
        const shown = latest.current;
        if (end >= shown.start && start <= shown.end) return;
        const width = Math.max(shown.end - shown.start, (end - start) / REVEALED_PART);
        const middle = (start + end) / 2;
        put(makeScale(middle - width / 2, middle + width / 2));
      },
    };
  }, [trace, scale, kept]);
}

/**
 * @param {Trace} trace
 * @param {Kept} kept
 * @returns {TimeScale}
 */
function scaleOf(trace, kept) {
  if (kept === null) return makeScale(0, trace.durationNano);
  // An earlier span may have arrived: the same time is further from the start then.
  const shift = Number(kept.startUnixNano - trace.startUnixNano);
  return makeScale(kept.scale.start + shift, kept.scale.end + shift).clamp(0, trace.durationNano);
}
