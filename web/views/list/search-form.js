/** The search: a field for each filter. What is chosen is searched at once, what is typed with Enter. */
import { html, useEffect, useMemo, useState } from "../../html.js";
import { EMPTY_FILTERS, parametersOf } from "../../model/filters.js";
import { copy } from "../trace/copying.js";
import { Combobox, FieldError } from "./combobox.js";
import { matching } from "./completions.js";
import { Chips, ConditionBox } from "./conditions.js";
import { SavedSearches } from "./saved-searches.js";
import { useSuggestions } from "./suggestions.js";
import { TimeRange } from "./time-range.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Filters} Filters */

/** @type {Record<string, string>} of a parameter that the collector refuses, the field which it is shown at */
const FIELD_OF_PARAMETER = { attr: "attr", link: "attr", start: "time", end: "time", time: "time" };

/**
 * @param {object} properties
 * @param {App} properties.app
 * @param {Filters} properties.filters those of the address
 * @param {string[]} properties.names of roots that are shown, to suggest while no service is chosen
 * @param {unknown} properties.error why the search failed, or null
 * @param {(filters: Filters) => void} properties.onSearch
 */
export function SearchForm({ app, filters, names, error, onSearch }) {
  const [draft, setDraft] = useState(filters);
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const address = parametersOf(filters).toString();
  useEffect(() => setDraft(filters), [address]);
  const errors = errorsOf(error);
  const hasSecondLine = address !== "" || draft.attr.length > 0;

  /** @type {(change: Partial<Filters>) => void} */
  const edit = (change) => setDraft({ ...draft, ...change });
  /** @type {(change: Partial<Filters>) => void} */
  function search(change) {
    const next = { ...draft, ...change };
    setDraft(next);
    onSearch(next);
  }
  /** @type {(condition: string) => void} */
  function searchWith(condition) {
    setText("");
    search(condition.trim() ? { attr: [...draft.attr, condition.trim()] } : {});
  }
  /** @type {(index: number) => string[]} */
  const without = (index) => draft.attr.filter((_, other) => other !== index);
  /** @type {(index: number) => void} */
  function editCondition(index) {
    setText(draft.attr[index] ?? "");
    edit({ attr: without(index) });
    document.getElementById("list-condition")?.focus();
  }

  return html`
    <form
      class="list-search"
      role="search"
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        searchWith(text);
      }}
    >
      <div class="list-fields" data-open=${isOpen}>
        <${ConditionBox}
          app=${app}
          text=${text}
          error=${errors.attr ?? ""}
          onText=${setText}
          onCondition=${searchWith}
          onEraseLast=${() => draft.attr.length && search({ attr: draft.attr.slice(0, -1) })}
        />
        <${Names} app=${app} draft=${draft} names=${names} errors=${errors} onEdit=${edit} onSearch=${search} />
        <${Durations} draft=${draft} errors=${errors} onEdit=${edit} />
        <${TimeRange} filters=${draft} error=${errors.time ?? ""} onChoose=${search} onEdit=${edit} />
        <div class="list-field list-status">
          <button type="button" class="button" aria-pressed=${draft.status === "error" ? "true" : "false"}
            onClick=${() => search({ status: draft.status === "error" ? "" : "error" })}>Errors only</button>
          <${FieldError} id="list-status-error" message=${errors.status} />
        </div>
        <div class="list-buttons">
          <button type="submit" class="button button-primary">Search</button>
          <button type="button" class="button list-more" aria-expanded=${isOpen ? "true" : "false"}
            onClick=${() => setOpen(!isOpen)}>Filters${countText(filters)}</button>
          <${SavedSearches} filters=${filters} onSearch=${onSearch} />
        </div>
      </div>
      ${
        hasSecondLine &&
        html`
        <div class="list-second-line">
          <${Chips}
            conditions=${draft.attr}
            link=${draft.link}
            onEdit=${editCondition}
            onRemove=${(/** @type {number} */ index) => search({ attr: without(index) })}
            onUnlink=${() => search({ link: "" })}
          />
          <div class="list-tools">
            <button type="button" class="button button-quiet"
              onClick=${() => search({ ...EMPTY_FILTERS })}>Clear all</button>
            <button type="button" class="button button-quiet"
              onClick=${() => copy(app, location.href, "link")}>Copy link</button>
          </div>
        </div>
      `
      }
      <${FieldError} id="list-search-error" message=${errors.other} />
    </form>
  `;
}

/**
 * Service and operation.
 * @param {object} properties
 * @param {App} properties.app
 * @param {Filters} properties.draft
 * @param {string[]} properties.names
 * @param {Record<string, string>} properties.errors
 * @param {(change: Partial<Filters>) => void} properties.onEdit
 * @param {(change: Partial<Filters>) => void} properties.onSearch
 */
function Names({ app, draft, names, errors, onEdit, onSearch }) {
  const { service } = draft;
  const [services, refreshServices] = useSuggestions(
    (signal) => app.api.listServices({ signal }),
    "services",
  );
  const [operations, refreshOperations] = useSuggestions(
    async (signal) => (service ? app.api.listOperations(service, { signal }) : []),
    service,
  );
  const serviceOptions = useMemo(() => toOptions(services, service), [services, service]);
  const known = operations.length ? operations : names;
  const nameOptions = useMemo(() => toOptions(known, draft.name), [known, draft.name]);
  return html`
    <${Combobox}
      id="list-service"
      label="Service"
      placeholder="any"
      value=${service}
      options=${serviceOptions}
      error=${errors.service ?? ""}
      onOpen=${refreshServices}
      onInput=${(/** @type {string} */ text) => onEdit({ service: text })}
      onChoose=${(/** @type {{value: string}} */ { value }) => onSearch({ service: value })}
    />
    <${Combobox}
      id="list-name"
      label="Operation"
      placeholder="any"
      value=${draft.name}
      options=${nameOptions}
      error=${errors.name ?? ""}
      onOpen=${refreshOperations}
      onInput=${(/** @type {string} */ text) => onEdit({ name: text })}
      onChoose=${(/** @type {{value: string}} */ { value }) => onSearch({ name: value })}
    />
  `;
}

/** @type {(names: string[], text: string) => {value: string}[]} */
function toOptions(names, text) {
  // A whole name is no reason to hide the others: it may be about to be changed.
  return matching(names, names.includes(text) ? "" : text).map((value) => ({ value }));
}

/**
 * @param {object} properties
 * @param {Filters} properties.draft
 * @param {Record<string, string>} properties.errors
 * @param {(change: Partial<Filters>) => void} properties.onEdit
 */
function Durations({ draft, errors, onEdit }) {
  const fields = /** @type {const} */ ([
    ["minDuration", "Min. duration", "250ms"],
    ["maxDuration", "Max. duration", "1.5s"],
  ]);
  return html`
    ${fields.map(
      ([name, label, placeholder]) => html`
        <div class="list-field list-duration-field" key=${name}>
          <label for=${`list-${name}`}>${label}</label>
          <input id=${`list-${name}`} class="input" type="text" autocomplete="off" spellcheck=${false}
            placeholder=${placeholder} value=${draft[name]}
            aria-invalid=${errors[name] ? "true" : undefined}
            aria-describedby=${errors[name] ? `list-${name}-error` : undefined}
            onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ { currentTarget }) =>
              onEdit({ [name]: currentTarget.value.trim() })} />
          <${FieldError} id=${`list-${name}-error`} message=${errors[name]} />
        </div>
      `,
    )}
  `;
}

/**
 * What the collector says, by the field that it is about; "other" for none of them.
 * @type {(error: unknown) => Record<string, string>}
 */
function errorsOf(error) {
  if (!(error instanceof Error)) return {};
  const isRefused = "code" in error && error.code === "invalid_parameter";
  const name = isRefused ? (/^(\w+) must be/.exec(error.message)?.[1] ?? "") : "";
  const field = FIELD_OF_PARAMETER[name] ?? (name in EMPTY_FILTERS ? name : "other");
  return isRefused ? { [field]: error.message } : {};
}

/** @type {(filters: Filters) => string} */
function countText(filters) {
  const count = [...parametersOf(filters).keys()].length;
  return count ? ` (${count})` : "";
}
