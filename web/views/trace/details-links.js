/** The links of a span in both directions: to other spans, and from spans and traces that link here. */

import { html, useEffect, useMemo, useState } from "../../html.js";
import { EMPTY_FILTERS } from "../../model/filters.js";
import { formatRoute } from "../../platform/route.js";
import { Attributes } from "./details-attributes.js";
import { Dropped } from "./dropped.js";
import { Text } from "./text.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/types.js").SpanLink} SpanLink */
/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */

const LINKING_TRACES = 20;

/**
 * @param {{app: App, trace: Trace, row: number, onSelect: (spanId: string) => void}} props
 */
export function Links({ app, trace, row, onSelect }) {
  const { spanId, links } = trace.spans[row];
  const linking = useMemo(() => linkingRows(trace, spanId), [trace, spanId]);
  const shared = { app, trace, onSelect };
  return html`<div>
    ${
      links.length > 0 &&
      html`<details class="details-section" open>
        <summary class="details-title">Links to <span class="details-count">${links.length}</span></summary>
        <ul class="details-links">
          ${links.map((link, at) => html`<${Outgoing} key=${at} link=${link} ...${shared} />`)}
        </ul>
      </details>`
    }
    ${
      linking.length > 0 &&
      html`<details class="details-section" open>
        <summary class="details-title">
          Linked from <span class="details-count">${linking.length}</span>
        </summary>
        <ul class="details-links">
          ${linking.map((other) => html`<li key=${other}><${SpanButton} row=${other} ...${shared} /></li>`)}
        </ul>
      </details>`
    }
    <${LinkingTraces} app=${app} traceId=${trace.traceId} />
  </div>`;
}

/**
 * @param {{app: App, trace: Trace, link: SpanLink, onSelect: (spanId: string) => void}} props
 */
function Outgoing({ app, trace, link, onSelect }) {
  const { traceId, spanId, attributes, traceState, droppedAttributesCount } = link;
  const row = traceId === trace.traceId ? trace.rowOf.get(spanId) : undefined;
  const address = addressOf(traceId, spanId);
  return html`<li>
    ${
      row !== undefined
        ? html`<${SpanButton} trace=${trace} row=${row} onSelect=${onSelect} />`
        : html`<a href=${address}
            >trace <code><${Text} text=${traceId} /></code>, span <code><${Text} text=${spanId} /></code
          ></a>`
    }
    ${
      traceState !== "" &&
      html`<p class="muted">
        trace state <code><${Text} text=${traceState} /></code>
      </p>`
    }
    ${
      attributes.length > 0 &&
      html`<${Attributes}
        app=${app}
        title="Link attributes"
        attributes=${attributes}
        isSearchable=${false}
        isOpen=${true}
      />`
    }
    <${Dropped} count=${droppedAttributesCount} what="attribute" />
  </li>`;
}

/** @param {{trace: Trace, row: number, onSelect: (spanId: string) => void}} props */
function SpanButton({ trace, row, onSelect }) {
  const { service, name, spanId } = trace.spans[row];
  return html`<button type="button" class="details-link" onClick=${() => onSelect(spanId)}>
    <${Text} text=${service || "no service"} limit=${60} />: <${Text} text=${name || "no name"} limit=${120} />
  </button>`;
}

/**
 * The traces that link to this one, once somebody wants to know.
 * @param {{app: App, traceId: string}} props
 */
function LinkingTraces({ app, traceId }) {
  const [isOpen, setOpen] = useState(false);
  const [found, setFound] = useState(/** @type {TraceSummary[] | null} */ (null));
  const [problem, setProblem] = useState("");
  const filters = { ...EMPTY_FILTERS, link: traceId };
  useEffect(() => {
    if (!isOpen) return undefined;
    const ending = new AbortController();
    app.api.listTraces(filters, { limit: LINKING_TRACES }, { signal: ending.signal }).then(
      ({ traces }) => setFound(traces.filter((trace) => trace.traceId !== traceId)),
      (error) => ending.signal.aborted || setProblem(error.message),
    );
    return () => ending.abort();
  }, [app, traceId, isOpen]);
  return html`<details
    class="details-section"
    onToggle=${(/** @type {{currentTarget: HTMLDetailsElement}} */ { currentTarget }) =>
      setOpen(currentTarget.open)}
  >
    <summary class="details-title">Traces that link to this one</summary>
    ${problem !== "" && html`<p class="trace-problem">${problem}</p>`}
    ${problem === "" && found === null && html`<p class="muted">Asking the collector…</p>`}
    ${found?.length === 0 && html`<p class="muted">None that the collector has.</p>`}
    ${
      found !== null &&
      found.length > 0 &&
      html`<ul class="details-links">
        ${found.map(
          (summary) =>
            html`<li key=${summary.traceId}>
              <a href=${addressOf(summary.traceId, "")}>
                <${Text} text=${summary.rootService || "no service"} limit=${60} />: <${Text}
                  text=${summary.rootName || "no name"}
                  limit=${120}
                />
              </a>
            </li>`,
        )}
        ${
          found.length >= LINKING_TRACES - 1 &&
          html`<li><a href=${formatRoute({ page: "traces", filters })}>all of them</a></li>`
        }
      </ul>`
    }
  </details>`;
}

/**
 * @param {string} traceId
 * @param {string} span
 */
function addressOf(traceId, span) {
  return formatRoute({ page: "trace", traceId, span, view: "timeline", find: "" });
}

/**
 * The spans of the trace that link to a span of it.
 * @param {Trace} trace
 * @param {string} spanId
 */
function linkingRows(trace, spanId) {
  const rows = [];
  for (let row = 0; row < trace.spans.length; row += 1) {
    const { links } = trace.spans[row];
    if (links.some((link) => link.spanId === spanId && link.traceId === trace.traceId)) rows.push(row);
  }
  return rows;
}
