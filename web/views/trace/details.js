/** Everything about the selected span. */

import { html } from "../../html.js";
import { exactNano, formatDuration, formatTime } from "../../model/formats.js";
import { usePreference } from "../../platform/preferences.js";
import { Icon } from "../icons.js";
import { Attributes } from "./details-attributes.js";
import { Events } from "./details-events.js";
import { Links } from "./details-links.js";
import { CopyButton } from "./copying.js";
import { Dropped } from "./dropped.js";
import { isUnfinished } from "./bar-geometry.js";
import { markTexts } from "./marks.js";
import { colourOf } from "./row.js";
import { LongText, Text } from "./text.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/types.js").Span} Span */

export const DETAILS_ID = "trace-details";
const SCROLLING_KEYS = new Set([
  "ArrowUp",
  "ArrowDown",
  "ArrowLeft",
  "ArrowRight",
  "Home",
  "End",
  "PageUp",
  "PageDown",
]);

/**
 * @param {object} props
 * @param {App} props.app
 * @param {Trace} props.trace
 * @param {number} props.row
 * @param {number} props.selfNano
 * @param {(spanId: string) => void} props.onSelect another span of the trace
 * @param {() => void} props.onClose
 */
export function Details({ app, trace, row, selfNano, onSelect, onClose }) {
  const span = trace.spans[row];
  return html`<section
    class="details"
    id=${DETAILS_ID}
    tabindex="-1"
    aria-label="Details of the span"
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      // Here they scroll.
      if (SCROLLING_KEYS.has(event.key)) event.stopPropagation();
    }}
  >
    <header class="details-head" style=${{ "--service": colourOf(trace, span.service) }}>
      <div>
        <p class="details-service">
          <span class="timeline-swatch"></span><${Text} text=${span.service || "no service"} />
        </p>
        <h2><${LongText} key=${span.spanId} text=${span.name || "no name"} limit=${300} /></h2>
      </div>
      <button
        type="button"
        class="button button-quiet button-icon"
        title="Close (Esc)"
        aria-label="Close the details"
        onClick=${onClose}
      >
        <${Icon} name="close" />
      </button>
    </header>
    <div class="details-scroll" tabindex="0" key=${span.spanId}>
      <${Status} span=${span} />
      ${markTexts(trace.marks[row]).map(
        ({ icon, word, explanation }) =>
          html`<p class="details-mark">
            <span aria-hidden="true">${icon}</span> <strong>${word}</strong> ${explanation}
          </p>`,
      )}
      <${Facts} app=${app} trace=${trace} row=${row} selfNano=${selfNano} onSelect=${onSelect} />
      <${Attributes}
        app=${app}
        title="Attributes"
        attributes=${span.attributes}
        isSearchable=${true}
        isOpen=${true}
      />
      <${Dropped} count=${span.droppedAttributesCount} what="attribute" />
      <${Events} app=${app} span=${span} />
      <${Dropped} count=${span.droppedEventsCount} what="event" />
      <${Links} app=${app} trace=${trace} row=${row} onSelect=${onSelect} />
      <${Dropped} count=${span.droppedLinksCount} what="link" />
      <${Attributes}
        app=${app}
        title="Resource"
        attributes=${span.resource.attributes}
        isSearchable=${true}
        isOpen=${false}
      />
      <${Scope} app=${app} span=${span} />
    </div>
  </section>`;
}

/** @param {{span: Span}} props */
function Status({ span: { status, statusMessage } }) {
  if (status !== "ERROR" && statusMessage === "") return null;
  return html`<div class=${status === "ERROR" ? "details-status is-failing" : "details-status"}>
    <strong>${status === "ERROR" ? "Error" : "Status"}</strong>${" "}
    ${
      statusMessage === ""
        ? html`<span class="muted">without a message</span>`
        : html`<${LongText} text=${statusMessage} />`
    }
  </div>`;
}

/**
 * @param {{app: App, trace: Trace, row: number, selfNano: number, onSelect: (spanId: string) => void}} props
 */
function Facts({ app, trace, row, selfNano, onSelect }) {
  const [zone] = usePreference("zone");
  const span = trace.spans[row];
  const parent = trace.parents[row] < 0 ? null : trace.spans[trace.parents[row]];
  return html`<dl class="details-facts">
    <div>
      <dt>Duration</dt>
      <dd>${isUnfinished(span) ? "unfinished" : both(span.durationNano)}</dd>
    </div>
    <div>
      <dt>Self time</dt>
      <dd>${both(selfNano)} <span class="muted">${shareOf(selfNano, span.durationNano)}</span></dd>
    </div>
    <div>
      <dt>Start</dt>
      <dd>
        +${formatDuration(span.startNano)} <span class="muted">in the trace</span>
        <br />${formatTime(span.startUnixNano, zone, { withDate: true, precision: 9 })} <br /><${Exact}
          app=${app}
          value=${span.startUnixNano}
          what="start in nanoseconds"
        />
      </dd>
    </div>
    <div>
      <dt>End</dt>
      <dd>
        ${
          span.endUnixNano === 0n
            ? html`<span class="muted">none</span>`
            : html`<span>
                ${formatTime(span.endUnixNano, zone, { withDate: true, precision: 9 })}
                <br /><${Exact} app=${app} value=${span.endUnixNano} what="end in nanoseconds" />
              </span>`
        }
      </dd>
    </div>
    <div>
      <dt>Kind</dt>
      <dd>${span.kind.toLowerCase()}</dd>
    </div>
    <div>
      <dt>Status</dt>
      <dd>${span.status.toLowerCase()}</dd>
    </div>
    <div>
      <dt>Span id</dt>
      <dd><code>${span.spanId}</code><${CopyButton} app=${app} text=${span.spanId} what="span id" /></dd>
    </div>
    ${
      span.parentSpanId !== "" &&
      html`<div>
        <dt>Parent</dt>
        <dd>
          ${
            parent === null
              ? html`<code><${Text} text=${span.parentSpanId} /></code>`
              : html`<button type="button" class="details-link" onClick=${() => onSelect(parent.spanId)}>
                  <${Text} text=${parent.name || parent.spanId} />
                </button>`
          }
        </dd>
      </div>`
    }
    ${
      span.traceState !== "" &&
      html`<div>
        <dt>Trace state</dt>
        <dd>
          <code><${LongText} text=${span.traceState} /></code>
        </dd>
      </div>`
    }
    ${
      span.flags !== 0 &&
      html`<div>
        <dt>Flags</dt>
        <dd><code>0x${span.flags.toString(16).padStart(2, "0")}</code></dd>
      </div>`
    }
  </dl>`;
}

/** @param {{app: App, value: bigint, what: string}} props */
function Exact({ app, value, what }) {
  return html`<span class="details-exact"
    ><code>${value.toString()}</code><${CopyButton} app=${app} text=${value.toString()} what=${what}
  /></span>`;
}

/** @param {{app: App, span: Span}} props */
function Scope({ app, span: { scope, resource } }) {
  const { name, version, attributes } = scope;
  const schemas = [...new Set([resource.schemaUrl, scope.schemaUrl])].filter((url) => url !== "");
  if (name === "" && version === "" && attributes.length === 0 && schemas.length === 0) return null;
  return html`<div>
    <h3 class="details-title">Scope</h3>
    <p class="details-scope">
      <code><${Text} text=${name || "no name"} /></code>${" "}<span class="muted"
        ><${Text} text=${version}
      /></span>
    </p>
    ${schemas.map((url) => html`<p class="details-scope muted">schema <${Text} text=${url} /></p>`)}
    ${
      attributes.length > 0 &&
      html`<${Attributes}
        app=${app}
        title="Scope attributes"
        attributes=${attributes}
        isSearchable=${false}
        isOpen=${true}
      />`
    }
  </div>`;
}

/** @param {number} nano */
function both(nano) {
  return html`<span>${formatDuration(nano)} <span class="details-nano">${exactNano(nano)}</span></span>`;
}

/**
 * @param {number} part
 * @param {number} whole
 */
function shareOf(part, whole) {
  return whole > 0 ? `(${Math.round((part / whole) * 100)} %)` : "";
}
