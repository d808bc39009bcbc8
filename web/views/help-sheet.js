/** The sheet of keys: those of the page that is shown, and those that work everywhere. */
import { html, useEffect, useRef } from "../html.js";
import { usePreference } from "../platform/preferences.js";
import { useStore } from "../platform/store.js";
import { Icon } from "./icons.js";
import { pageKeys } from "./page.js";

/** @typedef {import("./keys.js").KeyHelp} KeyHelp */

/** @type {KeyHelp[]} */
const GLOBAL_KEYS = [
  { keys: "?", does: "Show this sheet" },
  { keys: "Escape", does: "Close it" },
];

/** @param {{isOpen: boolean, onClose: () => void}} props */
export function HelpSheet({ isOpen, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const keys = useStore(pageKeys);
  const [shortcuts, setShortcuts] = usePreference("shortcuts");
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  /** @type {(event: Event) => void} */
  const closeFromBackdrop = (event) => {
    if (event.target === dialog.current) onClose();
  };
  return html`
    <dialog class="help" ref=${dialog} aria-labelledby="help-title"
      onClose=${onClose} onClick=${closeFromBackdrop}>
      <div class="help-sheet">
        <header class="help-head">
          <h2 id="help-title">Keys</h2>
          <button class="button button-quiet button-icon" aria-label="Close" onClick=${onClose}>
            <${Icon} name="close" />
          </button>
        </header>
        ${keys.length > 0 && html`<${KeyList} title="On this page" keys=${keys} />`}
        <${KeyList} title="Everywhere" keys=${GLOBAL_KEYS} />
        <label class="check">
          <input type="checkbox" checked=${shortcuts}
            onChange=${(/** @type {Event} */ event) => setShortcuts(isChecked(event))} />
          Single characters are shortcuts
        </label>
      </div>
    </dialog>
  `;
}

/** @param {{title: string, keys: KeyHelp[]}} props */
function KeyList({ title, keys }) {
  return html`
    <section>
      <h3>${title}</h3>
      <dl class="help-keys">
        ${keys.map(
          (key) => html`<div key=${key.keys}><dt>${keyCaps(key.keys)}</dt><dd>${key.does}</dd></div>`,
        )}
      </dl>
    </section>
  `;
}

/**
 * "j / k" and "Enter or o" are two keys; "/" alone is one.
 * @type {(keys: string) => unknown}
 */
function keyCaps(keys) {
  return keys
    .split(/( (?:\/|or|and|to) )/)
    .map((part, index) => (index % 2 ? html`<span class="muted">${part}</span>` : html`<kbd>${part}</kbd>`));
}

/** @type {(event: Event) => boolean} */
function isChecked(event) {
  return event.target instanceof HTMLInputElement && event.target.checked;
}
