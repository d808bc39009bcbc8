/** A table of attributes: filtered, copied, and asked for in other traces. */

import { html, useState } from "../../html.js";
import { EMPTY_FILTERS } from "../../model/filters.js";
import { formatRoute } from "../../platform/route.js";
import { CopyButton } from "./copying.js";
import { Glyph } from "./glyphs.js";
import { addressOf, LongText, Text } from "./text.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Attribute} Attribute */
/** @typedef {{currentTarget: HTMLInputElement}} InputEvent */

// A filter is worth its room from here on.
const FILTERED_FROM = 8;
// docs/search.md: a key with one of these cannot be asked for.
const UNSEARCHABLE_KEY = /[=<>~]|^ | $|!$|^$/;
// Longer ones make addresses that not everything on the way takes.
const SEARCHABLE_CHARACTERS = 500;

/**
 * @param {object} props
 * @param {App} props.app
 * @param {string} props.title
 * @param {Attribute[]} props.attributes
 * @param {boolean} props.isSearchable whether the list of traces can be asked for them
 * @param {boolean} props.isOpen at first
 */
export function Attributes({ app, title, attributes, isSearchable, isOpen }) {
  const [filter, setFilter] = useState("");
  if (attributes.length === 0) return null;
  const wanted = filter.trim().toLowerCase();
  const shown = attributes.filter(({ key, text }) => `${key}=${text}`.toLowerCase().includes(wanted));
  return html`<details class="details-section" open=${isOpen}>
    <summary class="details-title">${title} <span class="details-count">${attributes.length}</span></summary>
    ${
      attributes.length >= FILTERED_FROM &&
      html`<input
        class="input details-filter"
        type="search"
        placeholder="Filter"
        aria-label=${`Filter: ${title}`}
        value=${filter}
        onInput=${(/** @type {InputEvent} */ event) => setFilter(event.currentTarget.value)}
      />`
    }
    <dl class="details-attributes">
      ${shown.map(
        (attribute) =>
          html`<${Row} key=${attribute.key} attribute=${attribute} ...${{ app, isSearchable }} />`,
      )}
    </dl>
    ${shown.length === 0 && html`<p class="muted">None of them has “${filter.trim()}”.</p>`}
  </details>`;
}

/** @param {{app: App, attribute: Attribute, isSearchable: boolean}} props */
function Row({ app, attribute, isSearchable }) {
  const { key, type, text } = attribute;
  const search = isSearchable ? conditionOf(attribute) : null;
  const filters = { ...EMPTY_FILTERS, attr: [search ?? ""] };
  return html`<div class="details-attribute">
    <dt><${Text} text=${key || "(empty key)"} /></dt>
    <dd>
      <span class="details-value"><${Value} attribute=${attribute} /></span>
      <span class="details-type">${type}</span>
      <span class="details-buttons">
        <${CopyButton} app=${app} text=${text} what="value" />
        ${
          search !== null &&
          html`<a
            class="button button-quiet button-icon trace-small"
            title="Find traces with this"
            aria-label="Find traces with this"
            href=${formatRoute({ page: "traces", filters })}
            ><${Glyph} name="filter"
          /></a>`
        }
      </span>
    </dd>
  </div>`;
}

/** @param {{attribute: Attribute}} props */
function Value({ attribute: { type, text } }) {
  if (type === "empty") return html`<span class="muted">not set</span>`;
  if (type === "string" && text === "") return html`<span class="muted">empty</span>`;
  const address = type === "string" ? addressOf(text) : null;
  if (address === null) return html`<${LongText} text=${text} />`;
  return html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow"
    ><${LongText} text=${text}
  /></a>`;
}

/**
 * What `attr` of the list has to be to find such spans, or null if the search has no way to say it.
 * @param {Attribute} attribute
 * @returns {string | null}
 */
function conditionOf({ key, type, text }) {
  if (UNSEARCHABLE_KEY.test(key)) return null;
  const isComparable =
    type === "string" ||
    type === "bool" ||
    type === "int" ||
    (type === "double" && Number.isFinite(Number(text)));
  if (!isComparable) return `${key} exists`;
  return text.length > SEARCHABLE_CHARACTERS ? null : `${key}=${text}`;
}
