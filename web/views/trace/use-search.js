/** The search inside a trace: its text, the spans that match, and whether the others are shown. */

import { useEffect, useMemo, useRef, useState } from "../../html.js";
import { findSpans } from "../../model/search.js";
import { useDelayedUrl } from "./use-selection.js";

/** @typedef {import("../../model/types.js").Trace} Trace */

/**
 * @typedef {object} Search
 * @property {string} text
 * @property {(text: string) => void} setText
 * @property {boolean} isSettled whether the matches are those of the text
 * @property {() => void} settle does not wait for more of the text
 * @property {Uint8Array | null} matches 1 for each row that matches; null while nothing is searched
 * @property {Int32Array} rows those that match
 * @property {boolean} isMatchesOnly
 * @property {(isMatchesOnly: boolean) => void} setMatchesOnly
 */

// All texts of the trace are looked through, which is too much for each key of somebody who types fast.
const TYPING_PAUSE_MS = 120;

/**
 * @param {Trace} trace
 * @param {string} fromUrl
 * @param {(text: string) => void} writeUrl
 * @returns {Search}
 */
export function useSearch(trace, fromUrl, writeUrl) {
  const [text, setText] = useState(fromUrl);
  const [isMatchesOnly, setMatchesOnly] = useState(false);
  const written = useRef(fromUrl);
  useEffect(() => {
    if (fromUrl === written.current) return;
    written.current = fromUrl;
    setText(fromUrl);
  }, [fromUrl]);
  useDelayedUrl(text, written, writeUrl);

  const wanted = text.trim();
  const [searched, settle] = useSettled(wanted);
  const matches = useMemo(() => (searched === "" ? null : findSpans(trace, searched)), [trace, searched]);
  const rows = useMemo(() => rowsOf(matches), [matches]);
  return {
    text,
    setText,
    isSettled: searched === wanted,
    settle,
    matches,
    rows,
    isMatchesOnly: isMatchesOnly && matches !== null,
    setMatchesOnly,
  };
}

/**
 * The text as it was when it last stayed the same for a moment, and what does not wait for that moment.
 * @param {string} text
 * @returns {[string, () => void]}
 */
function useSettled(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    if (text === settled) return undefined;
    const timer = setTimeout(() => setSettled(text), text === "" ? 0 : TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, settled]);
  return [settled, () => setSettled(text)];
}

/**
 * @param {Uint8Array | null} matches
 * @returns {Int32Array}
 */
function rowsOf(matches) {
  const rows = [];
  for (let row = 0; row < (matches?.length ?? 0); row += 1) if (matches?.[row]) rows.push(row);
  return Int32Array.from(rows);
}
