/** The two plots of the loaded traces, which can be folded away; the line above them says the same in figures. */
import { html, useMemo, useState } from "../../html.js";
import { formatDuration } from "../../model/formats.js";
import { LatencyHistogram, PERCENTILES, percentilesOf } from "./latency-histogram.js";
import { Scatter } from "./scatter.js";

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */
/** @typedef {import("../../model/types.js").Filters} Filters */

/** On a narrower page they would take the place of the table. */
const WIDE = "(min-width: 640px)";

/**
 * @param {object} properties
 * @param {TraceSummary[]} properties.traces
 * @param {(traceId: string) => void} properties.onOpen
 * @param {(change: Partial<Filters>) => void} properties.onBrush
 */
export function Plots({ traces, onOpen, onBrush }) {
  const [isOpen, setOpen] = useState(() => matchMedia(WIDE).matches);
  const percentiles = useMemo(() => percentilesOf(traces), [traces]);
  const failed = useMemo(() => traces.filter((trace) => trace.errorCount > 0).length, [traces]);
  return html`
    <section class="list-plots" aria-label="Durations">
      <button type="button" class="list-plots-head" aria-expanded=${isOpen ? "true" : "false"}
        onClick=${() => setOpen(!isOpen)}>
        <span class="list-fold" aria-hidden="true">${isOpen ? "▾" : "▸"}</span>
        <span>Durations</span>
        <span class="list-figures muted">
          ${percentiles.map(
            (nano, index) => html`<span key=${index}>p${PERCENTILES[index]} ${formatDuration(nano)}</span>`,
          )}
          <span class="list-figure-errors" data-some=${failed > 0}>${failed} of ${traces.length} with errors</span>
        </span>
      </button>
      ${
        isOpen &&
        html`
        <div class="list-plots-body">
          <${Scatter} traces=${traces} onOpen=${onOpen} onBrush=${onBrush} />
          <${LatencyHistogram} traces=${traces} percentiles=${percentiles} onBrush=${onBrush} />
        </div>
      `
      }
    </section>
  `;
}
