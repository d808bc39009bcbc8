/** Searches that are kept on the device under a name: a menu of them, and the line that keeps the present one. */
import { html, useEffect, useRef, useState } from "../../html.js";
import { describe, filtersFromParameters, parametersOf } from "../../model/filters.js";
import { printable } from "../../model/formats.js";
import { usePreference } from "../../platform/preferences.js";

/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("../../platform/preferences.js").SavedSearch} SavedSearch */

const MAX_NAME_CHARACTERS = 100;

/**
 * @param {object} properties
 * @param {Filters} properties.filters
 * @param {(filters: Filters) => void} properties.onSearch
 */
export function SavedSearches({ filters, onSearch }) {
  const [saved, setSaved] = usePreference("savedSearches");
  const [isOpen, setOpen] = useState(false);
  const query = parametersOf(filters).toString();
  const menu = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!isOpen) return;
    const close = (/** @type {Event} */ event) => {
      if (event.target instanceof Node && !menu.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("focusin", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("focusin", close);
    };
  }, [isOpen]);

  /** @type {(name: string) => void} */
  function save(name) {
    const others = saved.filter((search) => search.name !== name);
    setSaved([...others, { name, query }]);
  }

  /** @type {(search: SavedSearch) => void} */
  function run(search) {
    setOpen(false);
    onSearch(filtersOf(search));
  }

  /** @type {(search: SavedSearch) => void} */
  function remove(search) {
    setSaved(saved.filter((other) => other !== search));
    // The button that was pressed is gone with it, and the focus with that.
    focusMenu();
  }

  /** @type {(event: KeyboardEvent) => void} */
  function onKeyDown(event) {
    if (event.key !== "Escape" || !isOpen) return;
    event.stopPropagation();
    setOpen(false);
    focusMenu();
  }

  function focusMenu() {
    menu.current?.querySelector("button")?.focus();
  }

  return html`
    <div class="list-saved" ref=${menu} onKeyDown=${onKeyDown}>
      <button type="button" class="button" aria-expanded=${isOpen ? "true" : "false"} onClick=${() => setOpen(!isOpen)}>
        Saved<span class="visually-hidden"> searches</span>${saved.length ? ` (${saved.length})` : ""}
      </button>
      ${
        isOpen &&
        html`
        <div class="list-saved-menu">
          ${
            saved.length === 0
              ? html`<p class="muted">No search is saved on this device yet.</p>`
              : html`<ul>
                ${saved.map(
                  (search) =>
                    html`<${SavedRow} key=${search.name} search=${search} onRun=${run} onRemove=${remove} />`,
                )}
              </ul>`
          }
          ${query && html`<${SaveLine} key=${query} suggested=${describe(filters)} onSave=${save} />`}
        </div>
      `
      }
    </div>
  `;
}

/**
 * @param {object} properties
 * @param {SavedSearch} properties.search
 * @param {(search: SavedSearch) => void} properties.onRun
 * @param {(search: SavedSearch) => void} properties.onRemove
 */
function SavedRow({ search, onRun, onRemove }) {
  const name = printable(search.name);
  return html`
    <li>
      <button type="button" class="button button-quiet list-saved-run" title=${printable(describe(filtersOf(search)))}
        onClick=${() => onRun(search)}><span class="t">${name}</span></button>
      <button type="button" class="button button-quiet button-icon" aria-label=${`Delete ${name}`}
        onClick=${() => onRemove(search)}>×</button>
    </li>
  `;
}

/** @param {{suggested: string, onSave: (name: string) => void}} properties */
function SaveLine({ suggested, onSave }) {
  const [name, setName] = useState(suggested.slice(0, MAX_NAME_CHARACTERS));
  const save = () => name.trim() && onSave(name.trim());
  // It stands inside of the search's form, whose Enter would search.
  return html`
    <div class="list-saved-new">
      <input class="input" aria-label="Name of this search" maxlength=${MAX_NAME_CHARACTERS} value=${name}
        onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ { currentTarget }) => setName(currentTarget.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          save();
        }} />
      <button type="button" class="button" onClick=${save} disabled=${!name.trim()}>Save</button>
    </div>
  `;
}

/** @type {(search: SavedSearch) => Filters} */
function filtersOf({ query }) {
  return filtersFromParameters(new URLSearchParams(query));
}
