/** Short messages in a corner that go by themselves. */
import { html, useCallback, useEffect, useState } from "../html.js";
import { Icon } from "./icons.js";

/** @typedef {{id: number, text: string}} Toast */

const SHOWN_MS = 6_000;
/** More at once nobody reads. */
const MAX_TOASTS = 3;

let lastId = 0;

/** @returns {{toasts: Toast[], toast: (text: string) => void, dismiss: (id: number) => void}} */
export function useToasts() {
  const [toasts, setToasts] = useState(/** @type {Toast[]} */ ([]));
  const dismiss = useCallback((/** @type {number} */ id) => {
    setToasts((shown) => shown.filter((toast) => toast.id !== id));
  }, []);
  const toast = useCallback((/** @type {string} */ text) => {
    lastId += 1;
    const added = { id: lastId, text };
    setToasts((shown) => [...shown, added].slice(-MAX_TOASTS));
  }, []);
  return { toasts, toast, dismiss };
}

/** @param {{toasts: Toast[], dismiss: (id: number) => void}} props */
export function Toasts({ toasts, dismiss }) {
  return html`
    <div class="toasts" role="status">
      ${toasts.map(({ id, text }) => html`<${OneToast} key=${id} text=${text} onEnd=${() => dismiss(id)} />`)}
    </div>
  `;
}

/** @param {{text: string, onEnd: () => void}} props */
function OneToast({ text, onEnd }) {
  const [isHeld, setIsHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(onEnd, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isHeld]);
  return html`
    <div class="toast" onMouseEnter=${() => setIsHeld(true)} onMouseLeave=${() => setIsHeld(false)}>
      <span class="t">${text}</span>
      <button class="button button-quiet button-icon" aria-label="Close" onClick=${onEnd}>
        <${Icon} name="close" />
      </button>
    </div>
  `;
}
