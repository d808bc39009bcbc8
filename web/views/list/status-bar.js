/** The line over the table: how many traces, those that wait, pause, and the comparison of two. */
import { html } from "../../html.js";
import { formatCount } from "../../model/formats.js";
import { formatRoute } from "../../platform/route.js";

/** @typedef {import("./trace-list.js").ListState} ListState */

/**
 * @param {object} properties
 * @param {ListState} properties.state
 * @param {boolean} properties.isPaused
 * @param {string[]} properties.selected
 * @param {() => void} properties.onPause
 * @param {() => void} properties.onShowWaiting
 * @param {() => void} properties.onReload
 * @param {() => void} properties.onClearSelection
 */
export function StatusBar({ state, isPaused, selected, onPause, onShowWaiting, onReload, onClearSelection }) {
  const { feed, live, phase } = state;
  return html`
    <div class="list-status-bar">
      <span class="list-count">
        ${phase === "loading" ? "Searching…" : tracesText(feed.rows.length, feed.older !== null)}
      </span>
      ${
        feed.waiting.length > 0 &&
        html`<button type="button" class="button button-primary list-waiting" title="n" onClick=${onShowWaiting}>
        ${waitingText(feed)}
      </button>`
      }
      <span class="list-bar-end">
        <${Selection} selected=${selected} onClear=${onClearSelection} />
        ${
          live === "off"
            ? html`<button type="button" class="button button-quiet" title="r" onClick=${onReload}>Read again</button>`
            : html`<button type="button" class="button button-quiet list-pause" title="p" onClick=${onPause}>
              ${isPaused ? "▶ Resume" : "❚❚ Pause"}
            </button>`
        }
      </span>
    </div>
  `;
}

/** @param {{selected: string[], onClear: () => void}} properties */
function Selection({ selected, onClear }) {
  const [a, b] = selected;
  if (!a) return null;
  return html`
    <span class="list-selection">
      ${
        b
          ? html`<a class="button button-primary" href=${formatRoute({ page: "compare", traceIds: [a, b] })}>Compare</a>`
          : html`<span class="muted">Choose one more to compare</span>`
      }
      <button type="button" class="button button-quiet" onClick=${onClear}>Unselect</button>
    </span>
  `;
}

/**
 * @param {import("./feed.js").Feed} feed
 * @returns {string}
 */
export function waitingText({ waiting, hasLostWaiting }) {
  return tracesText(waiting.length, hasLostWaiting, "new ");
}

/**
 * @param {number} count
 * @param {boolean} hasMore there are more than these
 * @param {string} [kind] "new "
 * @returns {string} such as "100+ new traces"
 */
function tracesText(count, hasMore, kind = "") {
  return `${formatCount(count)}${hasMore ? "+" : ""} ${kind}${count === 1 ? "trace" : "traces"}`;
}
