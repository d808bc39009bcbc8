/** Telemetry as text: with a direction of its own, control characters made visible, cut if it is long. */

import { html, useState } from "../../html.js";
import { printable } from "../../model/formats.js";

const SHOWN_CHARACTERS = 500;

/**
 * A short text, such as a name: what does not fit is cut by the style sheet.
 * @param {{text: string, limit?: number}} props
 */
export function Text({ text, limit = 300 }) {
  return html`<span class="t">${shortened(text, limit)}</span>`;
}

/**
 * A text of any length, with a button that shows what was cut.
 * @param {{text: string, limit?: number}} props
 */
export function LongText({ text, limit = SHOWN_CHARACTERS }) {
  const [isWhole, setWhole] = useState(false);
  if (text.length <= limit || isWhole) return html`<span class="t">${printable(text)}</span>`;
  const showWhole = (/** @type {Event} */ event) => {
    // The text may be a link, which is not meant.
    event.preventDefault();
    setWhole(true);
  };
  return html`<span>
    <span class="t">${printable(text.slice(0, limit))}</span>…${" "}
    <button type="button" class="details-more" onClick=${showWhole}>
      show all ${text.length.toLocaleString("en")} characters
    </button>
  </span>`;
}

/**
 * @param {string} text
 * @param {number} limit
 */
export function shortened(text, limit) {
  return text.length > limit ? `${printable(text.slice(0, limit))}…` : printable(text);
}

/**
 * The address if the text is one that may be followed, and else null.
 * @param {string} text
 * @returns {string | null}
 */
export function addressOf(text) {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === "http:" || protocol === "https:" ? href : null;
}
