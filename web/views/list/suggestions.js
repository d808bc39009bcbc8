/** The collector's names for the fields of the form: read when somebody looks, and again when he looks later. */
import { useEffect, useRef, useState } from "../../html.js";

const FRESH_MS = 10_000;

/**
 * @template T
 * @param {(signal: AbortSignal) => Promise<T[]>} load
 * @param {string} key what the names depend on, such as the service whose operations they are
 * @returns {[T[], () => void]} the names, and what to call when they are about to be looked at
 */
export function useSuggestions(load, key) {
  const [loaded, setLoaded] = useState(/** @type {{key: string, names: T[]}} */ ({ key, names: [] }));
  const asked = useRef({ key: "", atMs: 0, aborter: new AbortController() });
  useEffect(() => () => asked.current.aborter.abort(), []);

  function refresh() {
    if (asked.current.key === key && performance.now() - asked.current.atMs < FRESH_MS) return;
    asked.current.aborter.abort();
    const aborter = new AbortController();
    asked.current = { key, atMs: performance.now(), aborter };
    load(aborter.signal).then(
      (names) => aborter.signal.aborted || setLoaded({ key, names }),
      () => {
        // Fields work without suggestions; the next look asks again.
        asked.current.atMs = -FRESH_MS;
      },
    );
  }

  return [loaded.key === key ? loaded.names : [], refresh];
}
