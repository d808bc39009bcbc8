/** What is said of the span under the pointer, and of the one that the arrow keys have come to. */

import { html } from "../../html.js";
import { formatDuration } from "../../model/formats.js";
import { shortened, Text } from "./text.js";

/** @typedef {import("../../model/types.js").Trace} Trace */

const TIP_WIDTH_PX = 280;
const AWAY_PX = 14;
const SPOKEN_CHARACTERS = 120;

/**
 * @param {object} props
 * @param {Trace} props.trace
 * @param {Float64Array} props.own self times by row
 * @param {number} props.row
 * @param {number} props.x of the pointer in the window
 * @param {number} props.y
 */
export function FlameTip({ trace, own, row, x, y }) {
  const span = trace.spans[row];
  const left = Math.min(x + AWAY_PX, Math.max(0, window.innerWidth - TIP_WIDTH_PX - AWAY_PX));
  const isLow = y > window.innerHeight * 0.7;
  const vertical = isLow ? { bottom: `${window.innerHeight - y + AWAY_PX}px` } : { top: `${y + AWAY_PX}px` };
  const share = Math.round((100 * span.durationNano) / trace.durationNano);
  return html`<div class="flame-tip" style=${{ left: `${left}px`, maxWidth: `${TIP_WIDTH_PX}px`, ...vertical }}>
    <strong><${Text} text=${span.name || "no name"} /></strong>
    <span class="muted"><${Text} text=${span.service || "no service"} /></span>
    <span>${formatDuration(span.durationNano)} (${share} % of the trace), itself ${formatDuration(own[row])}</span>
    ${span.status === "ERROR" && html`<span class="flame-error">Error <${Text} text=${span.statusMessage} limit=${120} /></span>`}
  </div>`;
}

/**
 * One sentence for a screen reader.
 * @param {Trace} trace
 * @param {Float64Array} own
 * @param {number} row
 */
export function spokenSpan(trace, own, row) {
  const { name, service, durationNano, status } = trace.spans[row];
  const said = [name || "no name", service || "no service"].map((text) => shortened(text, SPOKEN_CHARACTERS));
  const parts = [...said, formatDuration(durationNano)];
  parts.push(`itself ${formatDuration(own[row])}`, `level ${trace.depths[row] + 1}`);
  if (status === "ERROR") parts.push("error");
  return parts.join(", ");
}
