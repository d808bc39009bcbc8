/** A value that views follow: read, set, and told of when it changes. */
import { useEffect, useState } from "../html.js";

/**
 * @template T
 * @typedef {object} Store
 * @property {() => T} get
 * @property {(value: T) => void} set
 * @property {(listener: () => void) => () => void} subscribe returns what ends it
 */

/**
 * @template T
 * @param {T} initial
 * @returns {Store<T>}
 */
export function createStore(initial) {
  let current = initial;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/**
 * The store's value; the component is rendered again when it changes.
 * @template T
 * @param {Store<T>} store
 * @returns {T}
 */
export function useStore(store) {
  const [, setValue] = useState(store.get());
  useEffect(() => {
    const follow = () => setValue(() => store.get());
    // It may have changed between the rendering and now.
    follow();
    return store.subscribe(follow);
  }, [store]);
  return store.get();
}
