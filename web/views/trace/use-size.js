/** The size of an element as it is laid out. */

import { useLayoutEffect, useState } from "../../html.js";

/** @typedef {{width: number, height: number}} Size */

/**
 * @param {{current: Element | null}} element
 * @param {Size} initial what is assumed before the first layout
 * @returns {Size}
 */
export function useSize(element, initial) {
  const [size, setSize] = useState(initial);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = current;
      setSize((/** @type {Size} */ before) =>
        before.width === width && before.height === height ? before : { width, height },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
