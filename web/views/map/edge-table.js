/** The calls of the map as a table: the same in figures, and for those who do not see the drawing. */

import { html, useState } from "../../html.js";
import { formatCount, formatDuration } from "../../model/formats.js";
import { Text } from "../trace/text.js";

/** @typedef {import("../../model/types.js").ServiceEdge} ServiceEdge */
/** @typedef {"parent" | "child" | "callCount" | "errorRate" | "p50DurationNano" | "p95DurationNano"} Column */

/** @type {{column: Column, text: string, isText?: boolean}[]} */
const COLUMNS = [
  { column: "parent", text: "From", isText: true },
  { column: "child", text: "To", isText: true },
  { column: "callCount", text: "Calls" },
  { column: "errorRate", text: "Errors" },
  { column: "p50DurationNano", text: "p50" },
  { column: "p95DurationNano", text: "p95" },
];

/**
 * @param {object} props
 * @param {ServiceEdge[]} props.edges
 * @param {string} props.selected a service, "" for none: its calls are brought out
 * @param {(service: string) => void} props.onSelect
 * @param {(service: string) => void} [props.onOpen] shows the traces of a service
 */
export function EdgeTable({ edges, selected, onSelect, onOpen }) {
  const [order, setOrder] = useState({ column: /** @type {Column} */ ("callCount"), isDescending: true });
  if (edges.length === 0) return html`<p class="map-empty muted">No service calls another one here.</p>`;
  const sorted = [...edges].sort((a, b) => compare(valueOf(a, order.column), valueOf(b, order.column)));
  if (order.isDescending) sorted.reverse();
  const turn = (/** @type {Column} */ column, /** @type {boolean} */ isText) =>
    setOrder({ column, isDescending: order.column === column ? !order.isDescending : !isText });
  return html`<div class="map-table-area" tabindex="0" role="region" aria-label="Calls between services">
    <table class="map-table">
      <thead>
        <tr>
          ${COLUMNS.map(
            ({ column, text, isText = false }) => html`<th
            scope="col"
            class=${isText ? "" : "is-number"}
            aria-sort=${order.column !== column ? "none" : order.isDescending ? "descending" : "ascending"}
          >
            <button type="button" onClick=${() => turn(column, isText)}>${text}</button>
          </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${sorted.map(
          (edge) => html`<${EdgeRow}
          key=${`${edge.parent}\u0000${edge.child}`}
          edge=${edge}
          isSelected=${selected !== "" && (edge.parent === selected || edge.child === selected)}
          onSelect=${onSelect}
          onOpen=${onOpen}
        />`,
        )}
      </tbody>
    </table>
  </div>`;
}

/**
 * @param {object} props
 * @param {ServiceEdge} props.edge
 * @param {boolean} props.isSelected
 * @param {(service: string) => void} props.onSelect
 * @param {(service: string) => void} [props.onOpen]
 */
function EdgeRow({ edge, isSelected, onSelect, onOpen }) {
  const service = (/** @type {string} */ name) => html`<button
    type="button"
    class="map-service"
    onClick=${() => onSelect(name)}
    onDblClick=${() => onOpen?.(name)}
  >
    <${Text} text=${name || "no service"} limit=${80} />
  </button>`;
  return html`<tr class=${isSelected ? "is-selected" : ""}>
    <td>${service(edge.parent)}</td>
    <td>${service(edge.child)}</td>
    <td class="is-number">${formatCount(edge.callCount)}</td>
    <td class=${edge.errorCount > 0 ? "is-number map-errors" : "is-number"}>
      ${edge.errorCount > 0 ? `${formatCount(edge.errorCount)} (${errorText(edge)})` : "0"}
    </td>
    <td class="is-number">${formatDuration(edge.p50DurationNano)}</td>
    <td class="is-number">${formatDuration(edge.p95DurationNano)}</td>
  </tr>`;
}

/**
 * The share of calls that failed: "2.5 %", and "<0.1 %" rather than nothing.
 * @param {{callCount: number, errorCount: number}} calls
 */
export function errorText({ callCount, errorCount }) {
  const percent = (100 * errorCount) / Math.max(1, callCount);
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  return `${percent.toFixed(percent < 10 && percent > 0 ? 1 : 0)} %`;
}

/** @type {(edge: ServiceEdge, column: Column) => string | number} */
function valueOf(edge, column) {
  return column === "errorRate" ? edge.errorCount / Math.max(1, edge.callCount) : edge[column];
}

/** @type {(a: string | number, b: string | number) => number} */
function compare(a, b) {
  return typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
}
