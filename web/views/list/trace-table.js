/** The table of traces. Columns are aligned by the style sheet; roles tell a screen reader what is a table here. */
import { html, useRef } from "../../html.js";
import { formatRelative } from "../../model/formats.js";
import { usePreference } from "../../platform/preferences.js";
import { TraceRow } from "./trace-row.js";
import { useNowMs } from "./use-trace-list.js";

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */
/** @typedef {"time" | "duration"} Order */

const CLOCK_MS = 5_000;

/**
 * @param {object} properties
 * @param {TraceSummary[]} properties.rows
 * @param {Order} properties.order
 * @param {string[]} properties.selected
 * @param {string} properties.last the trace that was looked at before, or ""
 * @param {(order: Order) => void} properties.onOrder
 * @param {(traceId: string) => void} properties.onSelect
 * @param {(traceId: string) => void} properties.onOpen
 * @param {(isFocused: boolean) => void} properties.onFocus whether the focus is on a row
 */
export function TraceTable({ rows, order, selected, last, onOrder, onSelect, onOpen, onFocus }) {
  const nowMs = useNowMs(CLOCK_MS);
  const [zone] = usePreference("zone");
  const body = useRef(/** @type {HTMLElement | null} */ (null));
  const longestNano = rows.reduce((longest, row) => Math.max(longest, row.durationNano), 0);

  /** @type {(event: KeyboardEvent) => void} */
  function onKeyDown(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moveFocus(step);
  }

  return html`
    <div class="list-table" role="table" aria-label="Traces" aria-rowcount=${rows.length + 1}>
      <div role="rowgroup" class="list-head">
        <div role="row" class="list-row-head">
          <span role="columnheader" class="list-check"><span class="visually-hidden">Compare</span></span>
          <${Sortable} text="Started" by="time" order=${order} onOrder=${onOrder} className="list-when" />
          <span role="columnheader" class="list-root">Root</span>
          <${Sortable} text="Duration" by="duration" order=${order} onOrder=${onOrder} className="list-duration" />
          <span role="columnheader" class="list-spans">Spans</span>
          <span role="columnheader" class="list-errors">Errors</span>
          <span role="columnheader" class="list-services">Services</span>
        </div>
      </div>
      <div role="rowgroup" class="list-rows" ref=${body} onKeyDown=${onKeyDown}
        onFocusIn=${() => onFocus(true)} onFocusOut=${() => onFocus(false)}>
        ${rows.map(
          (trace) => html`
            <${TraceRow}
              key=${trace.traceId}
              trace=${trace}
              when=${formatRelative(BigInt(trace.startTimeUnixNano), nowMs)}
              zone=${zone}
              longestNano=${longestNano}
              isSelected=${selected.includes(trace.traceId)}
              isLast=${trace.traceId === last}
              onSelect=${onSelect}
              onOpen=${onOpen}
            />
          `,
        )}
      </div>
    </div>
  `;
}

/**
 * @param {object} properties
 * @param {string} properties.text
 * @param {Order} properties.by
 * @param {Order} properties.order
 * @param {string} properties.className
 * @param {(order: Order) => void} properties.onOrder
 */
function Sortable({ text, by, order, className, onOrder }) {
  const isChosen = by === order;
  return html`
    <span role="columnheader" class=${className} aria-sort=${isChosen ? "descending" : undefined}>
      <button type="button" class="list-sort" onClick=${() => onOrder(by)}
        title=${by === "time" ? "Newest first" : "Longest of the loaded first"}>
        ${text}<span aria-hidden="true">${isChosen ? " ↓" : ""}</span>
      </button>
    </span>
  `;
}

/** The row that has the focus, or null. */
export function focusedRow() {
  return /** @type {HTMLElement | null} */ (document.activeElement?.closest(".list-row") ?? null);
}

/**
 * Put the focus on the row below (1) or above (-1) the one that has it, or that was looked at before, or on the first.
 * @param {number} step
 */
export function moveFocus(step) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".list-row")]);
  const from = focusedRow() ?? document.querySelector('.list-row[data-last="true"]');
  const index = from instanceof HTMLElement ? rows.indexOf(from) : -1;
  const row = rows[Math.min(Math.max(index + step, 0), rows.length - 1)];
  row?.querySelector("a")?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}
