/** Which span is selected and whether its details are shown; the URL follows, so that it can be passed on. */

import { useCallback, useEffect, useMemo, useRef, useState } from "../../html.js";

/** @typedef {import("../../platform/route.js").Route} Route */

/**
 * The wish that a span is brought into sight; a new object each time, so that it can be wished for twice.
 * @typedef {object} Reveal
 * @property {string} spanId
 * @property {boolean} takesFocus whether the row gets the keyboard's focus too
 * @property {boolean} isInTime whether its bar comes into sight too
 */

/**
 * What is left out stays as it is (isOpen), or is true.
 * @typedef {{isOpen?: boolean, takesFocus?: boolean, isInTime?: boolean}} SelectOptions
 */

/**
 * @typedef {object} Selection
 * @property {string} spanId "" for none
 * @property {boolean} isOpen whether the details are shown
 * @property {Reveal | null} reveal
 * @property {(spanId: string, options?: SelectOptions) => void} select
 * @property {() => void} close shows no details any more; if there were none, no span is selected any more
 */

// Browsers refuse more than some 20 changes of the URL a second, and a held key selects 30 spans.
const URL_DELAY_MS = 150;

/**
 * @param {string} fromUrl the span id of the route
 * @param {(spanId: string) => void} writeUrl
 * @returns {Selection}
 */
export function useSelection(fromUrl, writeUrl) {
  const [state, setState] = useState({ spanId: fromUrl, isOpen: fromUrl !== "" });
  const [reveal, setReveal] = useState(/** @type {Reveal | null} */ (wish(fromUrl)));
  const written = useRef(fromUrl);

  useEffect(() => {
    if (fromUrl === written.current) return;
    written.current = fromUrl;
    if (fromUrl === state.spanId) return;
    // A link, Back, or an edit of the address.
    setState({ spanId: fromUrl, isOpen: fromUrl !== "" });
    setReveal(wish(fromUrl));
  }, [fromUrl]);

  useDelayedUrl(state.spanId, written, writeUrl);

  const select = useCallback((/** @type {string} */ spanId, /** @type {SelectOptions} */ options = {}) => {
    setState((/** @type {{isOpen: boolean}} */ before) => ({
      spanId,
      isOpen: options.isOpen ?? before.isOpen,
    }));
    setReveal(wish(spanId, options));
  }, []);
  const close = useCallback(() => {
    setState({ spanId: state.isOpen ? state.spanId : "", isOpen: false });
    // What had the focus may be gone with the details: the row takes it.
    if (state.isOpen) setReveal(wish(state.spanId, { isInTime: false }));
  }, [state]);
  return useMemo(() => ({ ...state, reveal, select, close }), [state, reveal, select, close]);
}

/**
 * Writes a value to the URL: at once, or when it has been the same for a moment if it was just written.
 * @param {string} value
 * @param {{current: string}} written what the URL has
 * @param {(value: string) => void} write
 */
export function useDelayedUrl(value, written, write) {
  const latestWrite = useRef(write);
  latestWrite.current = write;
  const lastMs = useRef(-URL_DELAY_MS);
  useEffect(() => {
    if (value === written.current) return undefined;
    const put = () => {
      lastMs.current = performance.now();
      written.current = value;
      latestWrite.current(value);
    };
    if (performance.now() - lastMs.current >= URL_DELAY_MS) return put();
    const timer = setTimeout(put, URL_DELAY_MS);
    return () => clearTimeout(timer);
  }, [value]);
}

/**
 * @param {string} spanId
 * @param {SelectOptions} [options]
 * @returns {Reveal | null}
 */
function wish(spanId, { takesFocus = true, isInTime = true } = {}) {
  return spanId === "" ? null : { spanId, takesFocus, isInTime };
}
