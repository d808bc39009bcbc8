/** The events of a span, with the stack traces of exceptions. */

import { html, useState } from "../../html.js";
import { exactNano, formatDuration, printable } from "../../model/formats.js";
import { Attributes } from "./details-attributes.js";
import { CopyButton } from "./copying.js";
import { Dropped } from "./dropped.js";
import { LongText, Text } from "./text.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Span} Span */
/** @typedef {import("../../model/types.js").SpanEvent} SpanEvent */

const SHOWN_EVENTS = 50;
const STACK_KEY = "exception.stacktrace";
const STACK_CHARACTERS = 20_000;
const NAMING_KEYS = ["exception.type", "exception.message"];

/** @param {{app: App, span: Span}} props */
export function Events({ app, span }) {
  const [isWhole, setWhole] = useState(false);
  const { events } = span;
  if (events.length === 0) return null;
  const shown = isWhole ? events : events.slice(0, SHOWN_EVENTS);
  return html`<details class="details-section" open>
    <summary class="details-title">Events <span class="details-count">${events.length}</span></summary>
    <ol class="details-events">
      ${shown.map((event, at) => {
        const sinceNano = event.timeNano - span.startNano;
        return html`<${Event} key=${at} app=${app} event=${event} sinceNano=${sinceNano} />`;
      })}
    </ol>
    ${
      shown.length < events.length &&
      html`<button type="button" class="details-more" onClick=${() => setWhole(true)}>
        show all ${events.length} events
      </button>`
    }
  </details>`;
}

/** @param {{app: App, event: SpanEvent, sinceNano: number}} props */
function Event({ app, event, sinceNano }) {
  const { name, attributes, droppedAttributesCount } = event;
  const find = (/** @type {string} */ wanted) => attributes.find(({ key }) => key === wanted)?.text ?? "";
  const [type, message, stack] = [...NAMING_KEYS, STACK_KEY].map(find);
  const others = attributes.filter(
    ({ key, text }) => key !== STACK_KEY && !(NAMING_KEYS.includes(key) && text !== ""),
  );
  return html`<li class="details-event">
    <p>
      <span class="details-event-time" title=${exactNano(event.timeUnixNano)}
        >+${formatDuration(sinceNano)}</span
      >${" "}
      <strong><${Text} text=${name || "no name"} /></strong>
    </p>
    ${
      (type !== "" || message !== "") &&
      html`<p class="details-exception">
        <strong><${Text} text=${type} /></strong>${" "}<${LongText} text=${message} />
      </p>`
    }
    ${stack !== "" && html`<${Stack} app=${app} text=${stack} />`}
    ${
      others.length > 0 &&
      html`<${Attributes}
        app=${app}
        title="Event attributes"
        attributes=${others}
        isSearchable=${false}
        isOpen=${others.length < 6}
      />`
    }
    <${Dropped} count=${droppedAttributesCount} what="attribute" />
  </li>`;
}

/** @param {{app: App, text: string}} props */
function Stack({ app, text }) {
  const [isWrapped, setWrapped] = useState(false);
  const shown = text.length > STACK_CHARACTERS ? `${text.slice(0, STACK_CHARACTERS)}…` : text;
  return html`<div class="details-stack">
    <div class="details-stack-tools">
      <span class="muted">Stack trace</span>
      <button
        type="button"
        class="details-more"
        aria-pressed=${isWrapped}
        onClick=${() => setWrapped(!isWrapped)}
      >
        wrap lines
      </button>
      <${CopyButton} app=${app} text=${text} what="stack trace" />
    </div>
    <pre class=${isWrapped ? "t is-wrapped" : "t"} tabindex="0">${printable(shown)}</pre>
  </div>`;
}
