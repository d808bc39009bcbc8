/** Who calls whom, as the collector knows it: asked at once, when asked to, and every minute. */

import { useCallback, useEffect, useRef, useState } from "../../html.js";

/** @typedef {import("../../platform/api.js").Api} Api */
/** @typedef {import("../../platform/api.js").Dependencies} Dependencies */

/**
 * @typedef {object} Asked
 * @property {Dependencies | null} found the last answer; null before the first
 * @property {Error | null} error of the last question
 * @property {boolean} isAsking
 * @property {() => void} ask
 */

const EVERY_MS = 60_000;

/**
 * @param {Api} api
 * @param {number} seconds before now
 * @returns {Asked}
 */
export function useDependencies(api, seconds) {
  const [found, setFound] = useState(/** @type {Dependencies | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [isAsking, setAsking] = useState(false);
  const running = useRef(/** @type {AbortController | null} */ (null));

  const ask = useCallback(() => {
    running.current?.abort();
    const question = new AbortController();
    running.current = question;
    setAsking(true);
    const nowMs = Date.now();
    const window = { start: nanoOf(nowMs - seconds * 1000), end: nanoOf(nowMs) };
    api.dependencies(window, { signal: question.signal }).then(
      (answer) => {
        if (question.signal.aborted) return;
        setFound(answer);
        setError(null);
        setAsking(false);
      },
      (/** @type {Error} */ failure) => {
        if (question.signal.aborted) return;
        setError(failure);
        setAsking(false);
      },
    );
  }, [api, seconds]);

  useEffect(() => {
    ask();
    // Nobody looks at a page in the background, and each question costs the database something.
    const timer = setInterval(() => document.visibilityState === "visible" && ask(), EVERY_MS);
    return () => {
      clearInterval(timer);
      running.current?.abort();
    };
  }, [ask]);
  return { found, error, isAsking, ask };
}

/** @type {(unixMs: number) => string} */
function nanoOf(unixMs) {
  return `${unixMs}000000`;
}
