/** The services of the trace with their colours; a click brings one of them out. */

import { html, useMemo } from "../../html.js";
import { formatCount } from "../../model/formats.js";
import { colourOf } from "./row.js";
import { Text } from "./text.js";

/** @typedef {import("../../model/types.js").Trace} Trace */

/**
 * @param {object} props
 * @param {Trace} props.trace
 * @param {string | null} props.highlighted
 * @param {(service: string | null) => void} props.onHighlight
 */
export function Legend({ trace, highlighted, onHighlight }) {
  const counts = useMemo(() => spanCounts(trace), [trace]);
  return html`<div class="trace-legend" role="group" aria-label="Services">
    ${trace.services.map((service) => {
      const isPressed = service === highlighted;
      return html`<button
        type="button"
        class="trace-service"
        key=${service}
        style=${{ "--service": colourOf(trace, service) }}
        aria-pressed=${isPressed}
        title=${isPressed ? "Show all services alike" : "Bring out this service"}
        onClick=${() => onHighlight(isPressed ? null : service)}
      >
        <span class="timeline-swatch"></span>
        <${Text} text=${service || "no service"} limit=${60} />
        <span class="muted">${formatCount(counts.get(service) ?? 0)}</span>
      </button>`;
    })}
  </div>`;
}

/**
 * @param {Trace} trace
 * @returns {Map<string, number>}
 */
function spanCounts(trace) {
  const counts = new Map();
  for (const { service } of trace.spans) counts.set(service, (counts.get(service) ?? 0) + 1);
  return counts;
}
