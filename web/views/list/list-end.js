/** What stands under the last row: older traces, how far the search has looked, or that this was all. */
import { html, useRef } from "../../html.js";
import { formatTime } from "../../model/formats.js";
import { usePreference } from "../../platform/preferences.js";
import { useNear } from "./use-hold.js";

/** @typedef {import("./trace-list.js").ListState} ListState */

/** Beyond it older traces come only when somebody asks. */
const MAX_ROWS_BY_ITSELF = 2_000;

/**
 * @param {object} properties
 * @param {ListState} properties.state
 * @param {boolean} [properties.isAsked] older traces come only when somebody asks
 * @param {() => void} properties.onLoadOlder
 */
export function ListEnd({ state, isAsked = false, onLoadOlder }) {
  const { feed, isLoadingOlder, lastPage, error } = state;
  const end = useRef(/** @type {HTMLElement | null} */ (null));
  // A search that stopped with few traces, or none, would go on for ever by itself.
  const isByItself =
    !isAsked && lastPage?.isComplete !== false && !error && feed.rows.length < MAX_ROWS_BY_ITSELF;
  useNear(end, () => isByItself && onLoadOlder(), feed.rows.length);
  return html`
    <div class="list-end" ref=${end}>
      ${error instanceof Error && html`<p class="list-end-error t" role="alert">${error.message}</p>`}
      ${lastPage?.isComplete === false && html`<${LookedBack} page=${lastPage} />`}
      ${
        isLoadingOlder
          ? html`<p class="muted">Reading older traces…</p>`
          : feed.older
            ? html`<button type="button" class="button" onClick=${onLoadOlder}>
              ${lastPage?.isComplete === false ? "Search further back" : "Older traces"}
            </button>`
            : html`<p class="muted">These are all.</p>`
      }
    </div>
  `;
}

/** @param {{page: import("./trace-list.js").TracePage}} properties */
function LookedBack({ page }) {
  const [zone] = usePreference("zone");
  const { searchedBackToUnixNano: back } = page;
  const time = back === "" ? "" : ` to ${formatTime(BigInt(back), zone, { withDate: true, precision: 0 })}`;
  return html`<p class="list-looked-back">
    The search has looked back${time} and stopped there, as it had read enough for one answer. There may be more.
  </p>`;
}
