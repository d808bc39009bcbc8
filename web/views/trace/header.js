/** What the trace is, on two lines, and what can be done with all of it. */

import { html, useEffect, useState } from "../../html.js";
import { fileName } from "../../model/otlp-download.js";
import { exactNano, formatCount, formatDuration, formatTime } from "../../model/formats.js";
import { usePreference } from "../../platform/preferences.js";
import { CompareDialog, DeleteDialog } from "./dialogs.js";
import { CopyButton } from "./copying.js";
import { Glyph } from "./glyphs.js";
import { Text } from "./text.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("./use-trace.js").Reading} Reading */

const ADDED_SHOWN_MS = 6000;

/**
 * @param {object} props
 * @param {App} props.app
 * @param {Trace} props.trace
 * @param {Reading} props.reading
 * @param {() => void} props.onCopyLink
 */
export function Header({ app, trace, reading, onCopyLink }) {
  const span = trace.spans[rootRow(trace)];
  return html`<header class="trace-head">
    <div class="trace-title">
      <h1>
        <span class="trace-root-service"><${Text} text=${span.service || "no service"} /></span>${" "}
        <${Text} text=${span.name || "no name"} />
      </h1>
      <${Added} app=${app} added=${reading.added} />
      <${Actions} app=${app} trace=${trace} document=${reading.document} onCopyLink=${onCopyLink} />
    </div>
    <${Facts} app=${app} trace=${trace} />
  </header>`;
}

/**
 * The row that stands for the trace: the first root that says of itself that it is one.
 * @param {Trace} trace
 */
export function rootRow(trace) {
  return Math.max(
    0,
    trace.spans.findIndex(({ parentSpanId }) => parentSpanId === ""),
  );
}

/** @param {{app: App, trace: Trace}} props */
function Facts({ app, trace }) {
  const [zone] = usePreference("zone");
  const roots = trace.parents.reduce((count, parent) => count + (parent < 0 ? 1 : 0), 0);
  const depth = trace.depths.reduce((deepest, own) => Math.max(deepest, own), 0) + 1;
  const start = formatTime(trace.startUnixNano, zone, { withDate: true, precision: 3 });
  return html`<dl class="trace-facts">
    <div>
      <dt>Start</dt>
      <dd title=${`${trace.startUnixNano} ns since 1970`}>
        ${start} <span class="muted">${zone === "utc" ? "UTC" : "local"}</span>
      </dd>
    </div>
    <div>
      <dt>Duration</dt>
      <dd title=${exactNano(trace.durationNano)}>${formatDuration(trace.durationNano)}</dd>
    </div>
    <div>
      <dt>Spans</dt>
      <dd>${formatCount(trace.spans.length)}</dd>
    </div>
    <div>
      <dt>Services</dt>
      <dd>${formatCount(trace.services.length)}</dd>
    </div>
    <div>
      <dt>Depth</dt>
      <dd>${formatCount(depth)}</dd>
    </div>
    ${
      roots > 1 &&
      html`<div>
        <dt>Roots</dt>
        <dd>${formatCount(roots)}</dd>
      </div>`
    }
    <div class="trace-id">
      <dt>Trace</dt>
      <dd>
        <code title=${trace.traceId}>${trace.traceId}</code
        ><${CopyButton} app=${app} text=${trace.traceId} what="trace id" />
      </dd>
    </div>
  </dl>`;
}

/**
 * "12 new spans", for a moment.
 * @param {{app: App, added: {count: number} | null}} props
 */
function Added({ app, added }) {
  const [shown, setShown] = useState(/** @type {{count: number} | null} */ (null));
  useEffect(() => {
    if (added === null) return undefined;
    setShown(added);
    app.announce(addedText(added.count));
    const timer = setTimeout(() => setShown(null), ADDED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [added]);
  return shown && html`<span class="trace-added">${addedText(shown.count)}</span>`;
}

/** @param {number} count */
function addedText(count) {
  return count === 1 ? "1 new span" : `${formatCount(count)} new spans`;
}

/** @param {{app: App, trace: Trace, document: object | null, onCopyLink: () => void}} props */
function Actions({ app, trace, document: traceDocument, onCopyLink }) {
  const [open, setOpen] = useState(/** @type {"" | "compare" | "delete"} */ (""));
  const close = () => setOpen("");
  return html`<div class="trace-actions">
    <button type="button" class="button button-quiet" title="Copy link (y)" onClick=${onCopyLink}>
      <${Glyph} name="link" /><span class="trace-wide">Copy link</span>
    </button>
    <button
      type="button"
      class="button button-quiet"
      title="Download as OTLP JSON"
      onClick=${() => download(fileName(trace.traceId), JSON.stringify(traceDocument))}
    >
      <${Glyph} name="download" /><span class="trace-wide">OTLP JSON</span>
    </button>
    <button
      type="button"
      class="button button-quiet"
      title="Compare with another trace"
      onClick=${() => setOpen("compare")}
    >
      <${Glyph} name="compare" /><span class="trace-wide">Compare with…</span>
    </button>
    <button
      type="button"
      class="button button-quiet"
      title="Delete this trace"
      onClick=${() => setOpen("delete")}
    >
      <${Glyph} name="remove" /><span class="trace-wide">Delete</span>
    </button>
    ${open === "compare" && html`<${CompareDialog} app=${app} traceId=${trace.traceId} onClose=${close} />`}
    ${open === "delete" && html`<${DeleteDialog} app=${app} trace=${trace} onClose=${close} />`}
  </div>`;
}

/**
 * @param {string} name
 * @param {string} text
 */
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken hold of the data when the click returns.
  URL.revokeObjectURL(address);
}
