/** The browser's storage, which may be full or forbidden: then what is kept lasts as long as the page. */

/** @typedef {"localStorage" | "sessionStorage"} Area */

/**
 * @param {Area} area
 * @param {string} key
 * @returns {string | null}
 */
export function readStored(area, key) {
  try {
    return window[area].getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {Area} area
 * @param {string} key
 * @param {string | null} value null removes it
 */
export function writeStored(area, key, value) {
  try {
    if (value === null) window[area].removeItem(key);
    else window[area].setItem(key, value);
  } catch {
    // See above.
  }
}
