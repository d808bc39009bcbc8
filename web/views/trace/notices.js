/** What one has to know about what is shown: that it is not all, no longer there, or not what was asked. */

import { html } from "../../html.js";
import { formatCount } from "../../model/formats.js";
import { Text } from "./text.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("./use-trace.js").Reading} Reading */

/**
 * @param {{reading: Reading, trace: Trace, wantedSpanId: string}} props
 */
export function Notices({ reading, trace, wantedSpanId }) {
  const isSpanMissing = wantedSpanId !== "" && !trace.rowOf.has(wantedSpanId);
  return html`<div class="trace-notices">
    ${
      !trace.isWhole &&
      html`<p role="status">
        The trace is larger than this page shows: these are ${formatCount(trace.spans.length)} of its spans.
        <code>otel-worker traces export</code> gets all of them.
      </p>`
    }
    ${
      reading.state === "gone" &&
      html`<p role="status">The collector does not have this trace any more. This is what it was.</p>`
    }
    ${
      isSpanMissing &&
      html`<p role="status">
        The trace has no span <code><${Text} text=${wantedSpanId} limit=${40} /></code>. If it arrives it is
        shown.
      </p>`
    }
  </div>`;
}
