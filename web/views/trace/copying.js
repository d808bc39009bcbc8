/** Copying to the clipboard, and the buttons that do it. */

import { html } from "../../html.js";
import { Glyph } from "./glyphs.js";

/** @typedef {import("../../app.js").App} App */

/**
 * Copies a text and says so.
 * @param {App} app
 * @param {string} text
 * @param {string} what "trace id": what was copied, in words
 */
export async function copy(app, text, what) {
  try {
    await navigator.clipboard.writeText(text);
    app.toast(`Copied the ${what}`);
  } catch {
    // Pages over plain http have no clipboard, and a reader may have forbidden it.
    app.toast(`The browser does not let this page copy the ${what}`);
  }
}

/**
 * @param {{app: App, text: string, what: string}} props
 */
export function CopyButton({ app, text, what }) {
  return html`<button
    type="button"
    class="button button-quiet button-icon trace-small"
    title=${`Copy the ${what}`}
    aria-label=${`Copy the ${what}`}
    onClick=${() => copy(app, text, what)}
  >
    <${Glyph} name="copy" />
  </button>`;
}
