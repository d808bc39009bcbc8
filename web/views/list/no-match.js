/** What a search without a result shows: what was asked, and each way to ask for less. */
import { html } from "../../html.js";
import { EMPTY_FILTERS } from "../../model/filters.js";
import { shortened } from "../trace/text.js";

/** @typedef {import("../../model/types.js").Filters} Filters */

const MAX_CHARACTERS = 60;

/**
 * @param {object} properties
 * @param {Filters} properties.filters
 * @param {(filters: Filters) => void} properties.onSearch
 */
export function NoMatch({ filters, onSearch }) {
  return html`
    <section class="list-none">
      <h1>No trace matches this search</h1>
      <p class="muted">
        ${hasOneSpanConditions(filters) && "All conditions have to hold for the same span. "}Search without:
      </p>
      <ul class="list-wider">
        ${widened(filters).map(
          ({ label, without }) => html`
            <li key=${label}>
              <button type="button" class="button t" onClick=${() => onSearch(without)}>${label}</button>
            </li>
          `,
        )}
        <li>
          <button type="button" class="button button-primary" onClick=${() => onSearch({ ...EMPTY_FILTERS })}>
            All filters
          </button>
        </li>
      </ul>
    </section>
  `;
}

/**
 * The search without one of its conditions, for each of them.
 * @param {Filters} filters
 * @returns {{label: string, without: Filters}[]}
 */
function widened(filters) {
  const { service, name, status, minDuration, maxDuration, start, end, attr, link } = filters;
  /** @type {[boolean, string, Partial<Filters>][]} */
  const ways = [
    [start !== "" || end !== "", "the time range", { start: "", end: "" }],
    [service !== "", `service ${service}`, { service: "" }],
    [name !== "", `operation ${name}`, { name: "" }],
    [status !== "", "errors only", { status: "" }],
    [minDuration !== "" || maxDuration !== "", "the durations", { minDuration: "", maxDuration: "" }],
    [link !== "", "the link", { link: "" }],
  ];
  attr.forEach((text, index) =>
    ways.push([true, text, { attr: attr.filter((_, other) => other !== index) }]),
  );
  return ways
    .filter(([isAsked]) => isAsked)
    .map(([, label, change]) => ({
      label: shortened(label, MAX_CHARACTERS),
      without: { ...filters, ...change },
    }));
}

/** @type {(filters: Filters) => boolean} */
function hasOneSpanConditions({ service, name, status, attr }) {
  return [service, name, status, ...attr].filter((text) => text !== "").length > 1;
}
