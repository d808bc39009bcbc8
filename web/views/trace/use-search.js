/** The search inside a trace: its text, the spans that match, and whether the others are shown. */

import { useEffect, useMemo, useRef, useState } from "../../html.js";
import { findSpans } from "../../model/search.js";
import { useDelayedUrl } from "./use-selection.js";

/** @typedef {import("../../model/types.js").Trace} Trace */

/**
 * @typedef {object} Search
 * @property {string} text
 * @property {(text: string) => void} setText
 * @property {Uint8Array | null} matches an element for each row, 1 for a match; null while nothing is searched
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

  const searched = useSettled(text.trim());
  const matches = useMemo(() => (searched === "" ? null : findSpans(trace, searched)), [trace, searched]);
  const rows = useMemo(() => rowsOf(matches), [matches]);
  return { text, setText, matches, rows, isMatchesOnly: isMatchesOnly && matches !== null, setMatchesOnly };
}

/**
 * The text as it was when it last stayed the same for a moment.
 * @param {string} text
 */
function useSettled(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    if (text === settled) return undefined;
    const timer = setTimeout(() => setSettled(text), text === "" ? 0 : TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, settled]);
  return settled;
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
