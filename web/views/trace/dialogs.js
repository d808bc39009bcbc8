/** What is asked before a trace is deleted, or compared with another one. */

import { html, useEffect, useRef, useState } from "../../html.js";
import { EMPTY_FILTERS } from "../../model/filters.js";
import { formatCount } from "../../model/formats.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../html.js").ComponentChildren} ComponentChildren */

/**
 * @param {{title: string, onClose: () => void, children: ComponentChildren}} props
 */
function Dialog({ title, onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return html`<dialog
    class="trace-dialog"
    ref=${dialog}
    aria-labelledby="trace-dialog-title"
    onClose=${onClose}
  >
    <h2 id="trace-dialog-title">${title}</h2>
    ${children}
  </dialog>`;
}

/**
 * @param {{app: App, trace: Trace, onClose: () => void}} props
 */
export function DeleteDialog({ app, trace, onClose }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  async function remove() {
    setBusy(true);
    try {
      await app.api.deleteTrace(trace.traceId);
      app.toast("The trace is deleted");
      app.navigate({ page: "traces", filters: EMPTY_FILTERS }, { replace: true });
    } catch (error) {
      setBusy(false);
      setProblem(refusalText(error));
    }
  }
  return html`<${Dialog} title="Delete this trace?" onClose=${onClose}>
    <p>
      All ${formatCount(trace.spans.length)} spans of it are deleted from the collector. This cannot be
      undone.
    </p>
    ${problem !== "" && html`<p class="trace-problem" role="alert">${problem}</p>`}
    <div class="trace-dialog-buttons">
      <button type="button" class="button" onClick=${onClose}>Keep it</button>
      <button type="button" class="button trace-danger" disabled=${isBusy} onClick=${remove}>Delete</button>
    </div>
  <//>`;
}

/** @param {unknown} error */
function refusalText(error) {
  const { status, message } = /** @type {{status?: number, message?: string}} */ (error);
  if (status === 403) return "Your token may read, but not delete. Sign in with the collector's AUTH_TOKEN.";
  return message ?? String(error);
}

const TRACE_ID = /[0-9a-f]{32}/i;

/**
 * @param {{app: App, traceId: string, onClose: () => void}} props
 */
export function CompareDialog({ app, traceId, onClose }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const compare = (/** @type {Event} */ event) => {
    event.preventDefault();
    // A link to a trace is taken as well: that is what people have at hand.
    const other = TRACE_ID.exec(text)?.[0].toLowerCase() ?? "";
    if (other === "") setProblem("A trace id has 32 hexadecimal digits.");
    else if (other === traceId) setProblem("That is this trace.");
    else app.navigate({ page: "compare", traceIds: [traceId, other] });
  };
  return html`<${Dialog} title="Compare with another trace" onClose=${onClose}>
    <form class="trace-dialog-form" onSubmit=${compare}>
      <label class="field">
        Its trace id, or a link to it
        <input
          class="input mono"
          value=${text}
          autocomplete="off"
          spellcheck=${false}
          aria-invalid=${problem !== ""}
          aria-describedby="trace-compare-problem"
          onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ { currentTarget }) =>
            setText(currentTarget.value)}
        />
      </label>
      <p class="trace-problem" id="trace-compare-problem" role="alert">${problem}</p>
      <div class="trace-dialog-buttons">
        <button type="button" class="button" onClick=${onClose}>Cancel</button>
        <button type="submit" class="button button-primary">Compare</button>
      </div>
    </form>
  <//>`;
}
