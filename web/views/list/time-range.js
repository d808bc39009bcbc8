/** The field for when traces started: a time before now, or a range with two ends. */
import { html, useEffect, useState } from "../../html.js";
import { queryOf } from "../../model/filters.js";
import { formatTime } from "../../model/formats.js";
import { usePreference } from "../../platform/preferences.js";
import { FieldError } from "./combobox.js";
import { toUnixNano } from "./live-filters.js";

/** @typedef {import("../../model/types.js").Filters} Filters */

const PRESETS = [
  { start: "", label: "All time" },
  { start: "-15m", label: "Last 15 minutes" },
  { start: "-1h", label: "Last hour" },
  { start: "-6h", label: "Last 6 hours" },
  { start: "-24h", label: "Last 24 hours" },
  { start: "-7d", label: "Last 7 days" },
];
const CUSTOM = "custom";

/**
 * @param {object} properties
 * @param {Filters} properties.filters
 * @param {string} properties.error
 * @param {(range: {start: string, end: string}) => void} properties.onChoose a range is chosen: search with it
 * @param {(range: {start: string, end: string}) => void} properties.onEdit an end is typed
 */
export function TimeRange({ filters, error, onChoose, onEdit }) {
  const isPreset = filters.end === "" && PRESETS.some(({ start }) => start === filters.start);
  const [isOpen, setOpen] = useState(!isPreset);
  useEffect(() => setOpen(!isPreset), [isPreset]);

  /** @type {(event: {currentTarget: HTMLSelectElement}) => void} */
  function onChange({ currentTarget }) {
    if (currentTarget.value === CUSTOM) return setOpen(true);
    setOpen(false);
    onChoose({ start: currentTarget.value, end: "" });
  }

  return html`
    <div class="list-field list-time">
      <label for="list-time">Time</label>
      <select id="list-time" class="input" value=${isOpen ? CUSTOM : filters.start} onChange=${onChange}
        aria-describedby=${error ? "list-time-error" : undefined}>
        ${PRESETS.map(({ start, label }) => html`<option key=${label} value=${start}>${label}</option>`)}
        <option value=${CUSTOM}>From … to …</option>
      </select>
      <${FieldError} id="list-time-error" message=${error} />
    </div>
    ${isOpen && html`<${Ends} filters=${filters} onEdit=${onEdit} />`}
  `;
}

/** @param {{filters: Filters, onEdit: (range: {start: string, end: string}) => void}} properties */
function Ends({ filters, onEdit }) {
  const [zone] = usePreference("zone");
  const resolved = queryOf(filters, Date.now());
  const range = { start: filters.start, end: filters.end };
  const ends = /** @type {const} */ ([
    ["start", "From"],
    ["end", "To"],
  ]);
  return html`
    ${ends.map(
      ([end, label]) => html`
        <div class="list-field list-range-end" key=${end}>
          <label for=${`list-${end}`}>${label} (${zone === "utc" ? "UTC" : "local time"})</label>
          <input
            id=${`list-${end}`}
            class="input"
            type="datetime-local"
            step="0.001"
            value=${toInput(resolved.get(end) ?? "", zone)}
            onChange=${(/** @type {{currentTarget: HTMLInputElement}} */ { currentTarget }) =>
              onEdit({ ...range, [end]: fromInput(currentTarget.value, zone) })}
          />
        </div>
      `,
    )}
  `;
}

/** @type {(text: string, zone: "local" | "utc") => string} */
function toInput(text, zone) {
  const unixNano = toUnixNano(text);
  return unixNano && formatTime(BigInt(unixNano), zone, { withDate: true }).replace(" ", "T");
}

/** @type {(value: string, zone: "local" | "utc") => string} */
function fromInput(value, zone) {
  const date = new Date(zone === "utc" ? `${value}Z` : value);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
