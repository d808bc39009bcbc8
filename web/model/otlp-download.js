/** The file that a trace is saved as. */

/**
 * Return the name of the file with a trace in OTLP JSON.
 * @param {string} traceId from the URL, and so any text: what is no hex digit is left out
 * @returns {string}
 */
export function fileName(traceId) {
  return `trace-${traceId
    .toLowerCase()
    .replace(/[^0-9a-f]/g, "")
    .slice(0, 32)}.otlp.json`;
}
