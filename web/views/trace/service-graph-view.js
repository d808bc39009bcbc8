/** The services of one trace and who calls whom in it: the drawing, and the same in figures. */

import { html, useMemo, useState } from "../../html.js";
import { formatCount, formatDuration } from "../../model/formats.js";
import { traceEdges } from "../../model/service-graph.js";
import { EdgeTable } from "../map/edge-table.js";
import { ServiceGraph } from "../map/service-graph.js";
import { Text } from "./text.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/service-graph.js").TraceNode} TraceNode */

/**
 * @param {object} props
 * @param {Trace} props.trace
 * @param {(spanId: string) => void} props.onSelect
 */
export function ServiceGraphView({ trace, onSelect }) {
  const [service, setService] = useState("");
  const { nodes, edges } = useMemo(() => traceEdges(trace), [trace]);
  const openLongest = (/** @type {string} */ name) => {
    const spanId = longestSpan(trace, name);
    if (spanId !== "") onSelect(spanId);
  };
  return html`<div class="map-content is-page">
    <${ServiceGraph} nodes=${nodes} edges=${edges} selected=${service} onSelect=${setService} onOpen=${openLongest} />
    <${EdgeTable} edges=${edges} selected=${service} onSelect=${setService} onOpen=${openLongest} />
    <${SelfTimes} nodes=${nodes} />
  </div>`;
}

/**
 * Where the time went: the services by the time in which none of their spans waited for another span.
 * @param {{nodes: TraceNode[]}} props
 */
function SelfTimes({ nodes }) {
  const sorted = [...nodes].sort((a, b) => b.selfNano - a.selfNano);
  const most = Math.max(1, sorted[0]?.selfNano ?? 1);
  return html`<table class="map-table">
    <thead>
      <tr>
        <th scope="col">Service</th>
        <th scope="col" class="is-number">Spans</th>
        <th scope="col" class="is-number">Self time</th>
        <th scope="col"><span class="visually-hidden">Share</span></th>
      </tr>
    </thead>
    <tbody>
      ${sorted.map(
        ({ service, spanCount, selfNano }) => html`<tr key=${service}>
        <td><${Text} text=${service || "no service"} limit=${80} /></td>
        <td class="is-number">${formatCount(spanCount)}</td>
        <td class="is-number">${formatDuration(selfNano)}</td>
        <td class="map-share"><span style=${{ width: `${(100 * selfNano) / most}%` }}></span></td>
      </tr>`,
      )}
    </tbody>
  </table>`;
}

/** @type {(trace: Trace, service: string) => string} */
function longestSpan(trace, service) {
  let longest = -1;
  let spanId = "";
  for (const span of trace.spans) {
    if (span.service !== service || span.durationNano <= longest) continue;
    longest = span.durationNano;
    spanId = span.spanId;
  }
  return spanId;
}
