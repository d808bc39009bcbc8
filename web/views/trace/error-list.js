/** The failing spans above the timeline: those in which a failure began come first. */

import { html, useMemo, useState } from "../../html.js";
import { formatCount, formatDuration } from "../../model/formats.js";
import { failingSpans } from "./failing-spans.js";
import { colourOf } from "./row.js";
import { shortened, Text } from "./text.js";

/** @typedef {import("../../model/types.js").Trace} Trace */

// More than that nobody reads one by one; the keys go through all of them.
const SHOWN_SPANS = 100;
// OpenTelemetry's own names for what failed where nobody has written a message.
const REASON_KEYS = ["error.type", "http.response.status_code", "rpc.grpc.status_code"];

/**
 * @param {object} props
 * @param {Trace} props.trace
 * @param {string} props.selectedId
 * @param {(row: number) => void} props.onJump
 * @param {(step: 1 | -1) => void} props.onStep to the next failing row, or to the one before
 */
export function ErrorList({ trace, selectedId, onJump, onStep }) {
  const failing = useMemo(() => failingSpans(trace), [trace]);
  const [isOpen, setOpen] = useState(true);
  if (failing.length === 0) return null;
  const count = failing.length === 1 ? "1 error" : `${formatCount(failing.length)} errors`;
  return html`<section class="trace-errors" aria-label="Errors">
    <div class="trace-errors-head">
      <button
        type="button"
        class="trace-errors-toggle"
        aria-expanded=${isOpen}
        onClick=${() => setOpen(!isOpen)}
      >
        <span class=${isOpen ? "timeline-arrow is-open" : "timeline-arrow"}></span>${count}
      </button>
      <button
        type="button"
        class="button button-quiet trace-step"
        title="Next error (e)"
        onClick=${() => onStep(1)}
      >
        next
      </button>
      <button
        type="button"
        class="button button-quiet trace-step"
        title="Previous error (E)"
        onClick=${() => onStep(-1)}
      >
        previous
      </button>
    </div>
    ${
      isOpen &&
      html`<ul class="trace-errors-list">
        ${failing.slice(0, SHOWN_SPANS).map(({ row, isOrigin }) => {
          const span = trace.spans[row];
          return html`<li key=${span.spanId}>
            <button
              type="button"
              class="trace-error"
              style=${{ "--service": colourOf(trace, span.service) }}
              aria-current=${span.spanId === selectedId}
              onClick=${() => onJump(row)}
            >
              <span class="timeline-swatch"></span>
              <span class="trace-error-name">
                <span class="muted"><${Text} text=${span.service || "no service"} limit=${60} /></span>${" "}
                <${Text} text=${span.name || "no name"} limit=${120} />
              </span>
              <span class="trace-error-message t">${shortened(reasonOf(span), 300)}</span>
              ${isOrigin && html`<span class="trace-origin" title="No span below it failed">origin</span>`}
              <span class="trace-error-time">${formatDuration(span.durationNano)}</span>
            </button>
          </li>`;
        })}
        ${
          failing.length > SHOWN_SPANS &&
          html`<li class="muted">and ${formatCount(failing.length - SHOWN_SPANS)} more</li>`
        }
      </ul>`
    }
  </section>`;
}

/**
 * Why a span failed, in its own words: the status message, that of an exception, or what stands for one.
 * @param {import("../../model/types.js").Span} span
 */
function reasonOf({ statusMessage, events, attributes }) {
  if (statusMessage !== "") return statusMessage;
  for (const event of events) {
    const message = event.attributes.find(({ key }) => key === "exception.message");
    if (message !== undefined) return message.text;
  }
  const named = REASON_KEYS.map((wanted) => attributes.find(({ key }) => key === wanted)).find(Boolean);
  return named === undefined ? "" : `${named.key}=${named.text}`;
}
