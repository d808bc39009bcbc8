/** What an SDK has left out for its limits, in words. */

import { html } from "../../html.js";

/**
 * @param {{count: number, what: string}} props of what: "event"
 */
export function Dropped({ count, what }) {
  if (count === 0) return null;
  const text = count === 1 ? `1 more ${what} was` : `${count.toLocaleString("en")} more ${what}s were`;
  return html`<p class="details-dropped">${text} dropped before the span was sent.</p>`;
}
