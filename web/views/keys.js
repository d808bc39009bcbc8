/** Keys: which one was pressed, and whether it was meant for the page. */
import { useEffect, useRef } from "../html.js";
import { preference } from "../platform/preferences.js";

/** @typedef {{keys: string, does: string}} KeyHelp */
/** @typedef {Record<string, (event: KeyboardEvent) => void>} KeyBindings */

const TYPED_INTO = 'input:not([type="checkbox"]), textarea, select, [contenteditable]';

/**
 * The name of a pressed key: "j", "G", "?", "ArrowUp", "shift+ArrowRight", "ctrl+k"; Command counts as ctrl.
 * Shift is not named where it has made another character already.
 * @param {KeyboardEvent} event
 * @returns {string}
 */
export function keyName(event) {
  const key = event.key === " " ? "Space" : event.key;
  const shift = event.shiftKey && key.length > 1 ? "shift+" : "";
  const ctrl = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  return ctrl + (event.altKey ? "alt+" : "") + shift + key;
}

/**
 * Call what is bound to a key while the component is there; the browser then does not do its own.
 * Keys typed into fields are left alone, and all of them while a dialog is open.
 * @param {KeyBindings} bindings
 * @param {boolean} [isActive]
 */
export function useKeys(bindings, isActive = true) {
  const current = useRef(bindings);
  current.current = bindings;
  useEffect(() => {
    if (!isActive) return;
    /** @type {(event: KeyboardEvent) => void} */
    const onKeyDown = (event) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
      if (event.target instanceof Element && event.target.closest(TYPED_INTO)) return;
      const name = keyName(event);
      if (name.length === 1 && !preference("shortcuts")) return;
      const action = current.current[name];
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [isActive]);
}
