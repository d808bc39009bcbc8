/** How the durations of the loaded traces are spread, the failed ones among them, and three percentiles. */
import { html, useMemo, useRef } from "../../html.js";
import { formatDuration } from "../../model/formats.js";
import { histogram, percentile } from "../../model/histogram.js";
import { useSize } from "../trace/use-size.js";
import { durationText } from "./plot-scales.js";

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */
/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("../../model/histogram.js").Bucket} Bucket */

export const PERCENTILES = [50, 95, 99];
const BAR_PX = 10;
const AXIS_PX = 18;
/** Percentiles may be near to each other: each has a line of its own for its name. */
const LABEL_PX = 12;

/**
 * @param {object} properties
 * @param {TraceSummary[]} properties.traces
 * @param {number[]} properties.percentiles those of PERCENTILES, in nanoseconds
 * @param {(change: Partial<Filters>) => void} properties.onBrush
 */
export function LatencyHistogram({ traces, percentiles, onBrush }) {
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const { width, height } = useSize(frame, { width: 300, height: 140 });
  const bucketCount = Math.max(4, Math.floor(width / BAR_PX));
  const buckets = useMemo(() => histogram(traces, bucketCount), [traces, bucketCount]);
  const highest = buckets.reduce((count, bucket) => Math.max(count, bucket.count), 1);
  const from = buckets[0]?.from ?? 1;
  const to = buckets[buckets.length - 1]?.to ?? 10;
  const xOf = (/** @type {number} */ nano) =>
    (Math.log(Math.max(nano, from) / from) / Math.log(to / from)) * width;
  const top = PERCENTILES.length * LABEL_PX;
  const heightOf = (/** @type {number} */ count) => ((height - AXIS_PX - top) * count) / highest;
  return html`
    <div class="list-histogram" ref=${frame}>
      <svg width=${width} height=${height} role="img"
        aria-label=${`Histogram of the durations of ${traces.length} traces`}>
        ${buckets.map((bucket, index) => {
          const x = (index * width) / bucketCount;
          const barWidth = Math.max(1, width / bucketCount - 1);
          const full = heightOf(bucket.count);
          const failed = heightOf(bucket.errors);
          const bottom = height - AXIS_PX;
          return (
            bucket.count > 0 &&
            html`
              <g key=${index} onClick=${() => onBrush(searchFor(bucket))}>
                <title>${titleOf(bucket)}</title>
                <rect class="list-column" x=${x} width=${barWidth} y=${bottom - full} height=${full - failed} />
                <rect class="list-column-failed" x=${x} width=${barWidth} y=${bottom - failed} height=${failed} />
              </g>
            `
          );
        })}
        <line class="list-axis" x1="0" x2=${width} y1=${height - AXIS_PX + 0.5} y2=${height - AXIS_PX + 0.5} />
        <text x="0" y=${height - 4}>${formatDuration(from)}</text>
        <text x=${width} y=${height - 4} text-anchor="end">${formatDuration(to)}</text>
        ${percentiles.map(
          (nano, index) => html`
          <${Percentile} key=${index} name=${`p${PERCENTILES[index]}`} x=${xOf(nano)} y=${(index + 1) * LABEL_PX}
            width=${width} bottom=${height - AXIS_PX} />
        `,
        )}
      </svg>
    </div>
  `;
}

/** @param {{name: string, x: number, y: number, width: number, bottom: number}} properties */
function Percentile({ name, x, y, width, bottom }) {
  const isRight = x > width - 30;
  return html`
    <g class="list-percentile">
      <line x1=${x} x2=${x} y1=${y - 9} y2=${bottom} />
      <text x=${isRight ? x - 3 : x + 3} y=${y} text-anchor=${isRight ? "end" : "start"}>${name}</text>
    </g>
  `;
}

/**
 * The percentiles of PERCENTILES.
 * @param {TraceSummary[]} traces
 * @returns {number[]}
 */
export function percentilesOf(traces) {
  const sorted = Float64Array.from(traces, (trace) => trace.durationNano).sort();
  return PERCENTILES.map((p) => percentile(sorted, p));
}

/** @type {(bucket: Bucket) => string} */
function titleOf({ from, to, count, errors }) {
  const failed = errors > 0 ? `, ${errors} with errors` : "";
  return `${formatDuration(from)} to ${formatDuration(to)}: ${count} traces${failed}`;
}

/** @type {(bucket: Bucket) => Partial<Filters>} */
function searchFor({ from, to }) {
  return { minDuration: durationText(from, "down"), maxDuration: durationText(to, "up") };
}
