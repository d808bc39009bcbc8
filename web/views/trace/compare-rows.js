/** The rows of a comparison; only those in sight are in the document. */

import { html, useRef, useState } from "../../html.js";
import { serviceColour } from "../../model/colours.js";
import { formatDuration } from "../../model/formats.js";
import { windowOf } from "../../model/rows.js";
import { formatRoute } from "../../platform/route.js";
import { differenceText, isDifferent } from "./compare-page.js";
import { Text } from "./text.js";
import { useSize } from "./use-size.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/compare.js").ComparedRow} ComparedRow */

const ROW_PX = 26;
const INDENT_PX = 14;
const DEEPEST_INDENT = 12;

/** @param {{a: Trace, b: Trace, rows: ComparedRow[]}} props */
export function CompareRows({ a, b, rows }) {
  const area = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [scrollTop, setScrollTop] = useState(0);
  const { height } = useSize(area, { width: 0, height: 600 });
  const [from, to] = windowOf(scrollTop, height, ROW_PX, rows.length);
  const longest = Math.max(a.durationNano, b.durationNano);
  return html`<div
    class="compare-area"
    ref=${area}
    tabindex="0"
    role="table"
    aria-label="Spans of both traces"
    aria-rowcount=${rows.length + 1}
    onScroll=${(/** @type {{currentTarget: HTMLElement}} */ event) => setScrollTop(event.currentTarget.scrollTop)}
  >
    <div class="compare-row is-head" role="row" aria-rowindex="1">
      <span role="columnheader">Span</span>
      <span role="columnheader">A</span>
      <span role="columnheader">B</span>
      <span role="columnheader" class="is-number">B − A</span>
    </div>
    <div role="rowgroup" style=${{ height: `${rows.length * ROW_PX}px`, paddingTop: `${from * ROW_PX}px` }}>
      ${rows.slice(from, to).map(
        (row, index) => html`<${Row}
        key=${`${row.a} ${row.b}`}
        a=${a}
        b=${b}
        row=${row}
        number=${from + index + 2}
        longest=${longest}
      />`,
      )}
    </div>
    ${rows.length === 0 && html`<p class="map-empty muted">Nothing differs by more than a fifth.</p>`}
  </div>`;
}

/** @param {{a: Trace, b: Trace, row: ComparedRow, number: number, longest: number}} props */
function Row({ a, b, row, number, longest }) {
  const span = row.a >= 0 ? a.spans[row.a] : b.spans[row.b];
  const isBoth = row.a >= 0 && row.b >= 0;
  const word = row.b < 0 ? "only in A" : row.a < 0 ? "only in B" : differenceText(row.differenceNano);
  const kind = !isBoth
    ? "is-alone"
    : !isDifferent(row)
      ? "is-same"
      : row.differenceNano > 0
        ? "is-slower"
        : "is-faster";
  return html`<div
    class=${`compare-row ${kind}`}
    role="row"
    aria-rowindex=${number}
    style=${{ "--service": `var(--service-${serviceColour(span.service, a.services)})` }}
  >
    <span role="cell" class="compare-name" style=${{ paddingLeft: `${Math.min(row.depth, DEEPEST_INDENT) * INDENT_PX}px` }}>
      <span class="timeline-swatch"></span>
      <span class="compare-service"><${Text} text=${span.service || "no service"} limit=${60} /></span>
      <${Text} text=${span.name || "no name"} limit=${200} />
    </span>
    <${Duration} trace=${a} row=${row.a} nano=${row.aNano} longest=${longest} />
    <${Duration} trace=${b} row=${row.b} nano=${row.bNano} longest=${longest} />
    <span role="cell" class="compare-difference is-number">${word}</span>
  </div>`;
}

/** @param {{trace: Trace, row: number, nano: number, longest: number}} props */
function Duration({ trace, row, nano, longest }) {
  if (row < 0) return html`<span role="cell" class="compare-duration muted">–</span>`;
  const { spanId, status } = trace.spans[row];
  const address = formatRoute({
    page: "trace",
    traceId: trace.traceId,
    span: spanId,
    view: "timeline",
    find: "",
  });
  return html`<span role="cell" class="compare-duration">
    <span class="compare-bar" style=${{ width: `${(100 * nano) / longest}%` }}></span>
    <a href=${address}>${formatDuration(nano)}</a>
    ${status === "ERROR" && html`<span class="timeline-error" role="img" aria-label="error" title="error">!</span>`}
  </span>`;
}
