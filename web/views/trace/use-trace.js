/** A trace as the collector has it, read again while it grows. */

import { useEffect, useState } from "../../html.js";
import { readTrace } from "../../model/otlp.js";
import { followGrowth } from "./growth.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */

/**
 * "gone" is a trace that was here and is no more: it keeps being shown.
 * @typedef {object} Reading
 * @property {"loading" | "here" | "missing" | "failed" | "gone"} state
 * @property {Trace | null} trace
 * @property {object | null} document as the API gave it
 * @property {string} problem what went wrong, in the collector's words
 * @property {{count: number} | null} added the spans that the last reading brought; a new object for each
 */

/** @type {Reading} */
const LOADING = { state: "loading", trace: null, document: null, problem: "", added: null };

/**
 * @param {App} app
 * @param {string} traceId
 * @returns {Reading & {readAgain: () => void}}
 */
export function useTrace(app, traceId) {
  const [reading, setReading] = useState(LOADING);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const ending = new AbortController();
    setReading(LOADING);

    async function read() {
      const { document, isWhole } = await app.api.getTrace(traceId, { signal: ending.signal });
      const trace = readTrace(document, traceId, isWhole);
      setReading((/** @type {Reading} */ before) => here(before, trace, document));
      return trace;
    }

    read().then(
      (trace) => followGrowth({ session: app.session, trace, read, isGone, signal: ending.signal }),
      (error) => {
        if (!ending.signal.aborted) setReading({ ...LOADING, ...failureOf(error) });
      },
    );

    function isGone(/** @type {unknown} */ error) {
      const { state } = failureOf(error);
      if (state === "missing") setReading((/** @type {Reading} */ before) => ({ ...before, state: "gone" }));
      return state === "missing";
    }
    return () => ending.abort();
  }, [app, traceId, attempt]);

  return { ...reading, readAgain: () => setAttempt(attempt + 1) };
}

/**
 * @param {Reading} before
 * @param {Trace} trace
 * @param {object} document
 * @returns {Reading}
 */
function here(before, trace, document) {
  const count = before.trace === null ? 0 : trace.spans.length - before.trace.spans.length;
  return { state: "here", trace, document, problem: "", added: count > 0 ? { count } : before.added };
}

/**
 * @param {unknown} error
 * @returns {{state: "missing" | "failed", problem: string}}
 */
function failureOf(error) {
  const { status = 0, message = String(error) } = /** @type {{status?: number, message?: string}} */ (error);
  // 400 is an id that no trace can have.
  return { state: status === 404 || status === 400 ? "missing" : "failed", problem: message };
}
