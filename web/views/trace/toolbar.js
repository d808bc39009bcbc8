/** The bar above the view: which view it is, the search inside the trace, and what is shown on the bars. */

import { html, useEffect, useRef } from "../../html.js";
import { formatCount } from "../../model/formats.js";
import { Glyph } from "./glyphs.js";

/** @typedef {import("../../platform/route.js").TraceView} TraceView */
/** @typedef {import("./use-search.js").Search} Search */
/** @typedef {import("./use-range.js").Zoom} Zoom */

/** @type {{view: TraceView, label: string, key: string}[]} */
const TABS = [
  { view: "timeline", label: "Timeline", key: "t" },
  { view: "flame", label: "Flame graph", key: "f" },
  { view: "services", label: "Services", key: "g" },
];

export const SEARCH_ID = "trace-search";
export const VIEW_ID = "trace-view";
const ZOOM_FACTOR = 2;

/**
 * @param {object} props
 * @param {TraceView} props.view
 * @param {(view: TraceView) => void} props.onView
 * @param {Search} props.search
 * @param {number} props.selectedRow -1 for none
 * @param {(step: 1 | -1, takesFocus: boolean) => void} props.onMatch to the next match, or to the one before
 * @param {Zoom} props.zoom
 * @param {boolean} props.isCriticalShown
 * @param {(isShown: boolean) => void} props.onCritical
 */
export function Toolbar({ view, onView, search, selectedRow, onMatch, zoom, isCriticalShown, onCritical }) {
  return html`<div class="trace-toolbar">
    <${Tabs} view=${view} onView=${onView} />
    <${SearchField} search=${search} selectedRow=${selectedRow} onMatch=${onMatch} />
    ${
      view === "timeline" &&
      html`<div class="trace-tools">
        <button
          type="button"
          class="button"
          aria-pressed=${isCriticalShown}
          title="What the duration of the trace consists of (c)"
          onClick=${() => onCritical(!isCriticalShown)}
        >
          <span class="trace-critical-sample"></span>Critical path
        </button>
        <${ZoomButtons} zoom=${zoom} />
      </div>`
    }
  </div>`;
}

/** @param {{view: TraceView, onView: (view: TraceView) => void}} props */
function Tabs({ view, onView }) {
  const at = TABS.findIndex((tab) => tab.view === view);
  const move = (/** @type {KeyboardEvent & {currentTarget: HTMLElement}} */ event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (at + step + TABS.length) % TABS.length;
    onView(TABS[next].view);
    /** @type {HTMLElement} */ (event.currentTarget.children[next]).focus();
  };
  return html`<div class="trace-tabs" role="tablist" aria-label="Views of the trace" onKeyDown=${move}>
    ${TABS.map(
      (tab) =>
        html`<button
          type="button"
          role="tab"
          key=${tab.view}
          aria-selected=${tab.view === view}
          aria-controls=${VIEW_ID}
          tabindex=${tab.view === view ? 0 : -1}
          title=${`${tab.label} (${tab.key})`}
          onClick=${() => onView(tab.view)}
        >
          ${tab.label}
        </button>`,
    )}
  </div>`;
}

/**
 * @param {{search: Search, selectedRow: number, onMatch: (step: 1 | -1, takesFocus: boolean) => void}} props
 */
function SearchField({ search, selectedRow, onMatch }) {
  const { text, setText, isSettled, settle, matches, rows, isMatchesOnly, setMatchesOnly } = search;
  const wantedStep = useRef(/** @type {1 | -1 | null} */ (null));
  useEffect(() => {
    if (wantedStep.current === null || !isSettled) return;
    onMatch(wantedStep.current, false);
    wantedStep.current = null;
  });
  const onKeyDown = (/** @type {KeyboardEvent & {currentTarget: HTMLInputElement}} */ event) => {
    const step = event.shiftKey ? -1 : 1;
    if (event.key === "Enter" && isSettled) onMatch(step, false);
    else if (event.key === "Enter") {
      wantedStep.current = step;
      settle();
    } else if (event.key === "Escape") event.currentTarget.blur();
    else return;
    event.preventDefault();
  };
  return html`<div class="trace-search" role="search">
    <${Glyph} name="search" />
    <input
      class="input"
      id=${SEARCH_ID}
      type="search"
      placeholder="Find spans (/)"
      aria-label="Find spans in this trace"
      autocomplete="off"
      spellcheck=${false}
      value=${text}
      onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ { currentTarget }) =>
        setText(currentTarget.value)}
      onKeyDown=${onKeyDown}
    />
    <span class="trace-count" role="status">${matches === null ? "" : countText(rows, selectedRow)}</span>
    ${
      matches !== null &&
      html`<span class="trace-search-tools">
        <button
          type="button"
          class="button button-quiet button-icon"
          title="Previous match (N)"
          aria-label="Previous match"
          onClick=${() => onMatch(-1, true)}
        >
          <${Glyph} name="previous" />
        </button>
        <button
          type="button"
          class="button button-quiet button-icon"
          title="Next match (n)"
          aria-label="Next match"
          onClick=${() => onMatch(1, true)}
        >
          <${Glyph} name="next" />
        </button>
        <button
          type="button"
          class="button"
          aria-pressed=${isMatchesOnly}
          onClick=${() => setMatchesOnly(!isMatchesOnly)}
        >
          matches only
        </button>
      </span>`
    }
  </div>`;
}

/**
 * "3 of 12", or "12 matches" while none of them is selected.
 * @param {Int32Array} rows
 * @param {number} selectedRow
 */
function countText(rows, selectedRow) {
  const at = rows.indexOf(selectedRow);
  if (at >= 0) return `${formatCount(at + 1)} of ${formatCount(rows.length)}`;
  if (rows.length === 0) return "no match";
  return rows.length === 1 ? "1 match" : `${formatCount(rows.length)} matches`;
}

/** @param {{zoom: Zoom}} props */
function ZoomButtons({ zoom }) {
  return html`<div class="trace-zoom" role="group" aria-label="Zoom">
    <button
      type="button"
      class="button button-quiet button-icon"
      title="Zoom out (-)"
      aria-label="Zoom out"
      disabled=${zoom.isWhole}
      onClick=${() => zoom.zoomAt(0.5, 1 / ZOOM_FACTOR)}
    >
      <${Glyph} name="zoomOut" />
    </button>
    <button
      type="button"
      class="button button-quiet"
      title="Show the whole trace (0)"
      disabled=${zoom.isWhole}
      onClick=${zoom.showWhole}
    >
      whole
    </button>
    <button
      type="button"
      class="button button-quiet button-icon"
      title="Zoom in (+)"
      aria-label="Zoom in"
      onClick=${() => zoom.zoomAt(0.5, ZOOM_FACTOR)}
    >
      <${Glyph} name="zoomIn" />
    </button>
  </div>`;
}
