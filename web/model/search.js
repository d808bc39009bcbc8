/** Search inside a trace. */

/** @typedef {import("./types.js").Attribute} Attribute */
/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./types.js").Trace} Trace */

// A phrase in quotes, or a word. A quote inside of a word is a part of it: {"a":1} is searched as it stands.
const WORDS = /"([^"]+)"(?=\s|$)|\S+/g;

/**
 * Return which rows hold all words of a text, capitals or not: in the name, the service, the span's id and
 * those of its links, the status and its message, the names of its events, or in an attribute of the span or
 * its resource, written as key=value.
 * @param {Trace} trace
 * @param {string} text words, and phrases in double quotes
 * @returns {Uint8Array} an element for each row, 1 for a match; nothing matches no words
 */
export function findSpans(trace, text) {
  const words = wordsOf(text);
  if (words.length === 0) return new Uint8Array(trace.spans.length);
  return Uint8Array.from(trace.spans, (span) => Number(words.every((word) => isIn(span, word))));
}

/**
 * @param {string} text
 * @returns {string[]} lower case
 */
function wordsOf(text) {
  return Array.from(text.toLowerCase().matchAll(WORDS), ([word, phrase]) => phrase ?? word);
}

/**
 * @param {Span} span
 * @param {string} word
 * @returns {boolean}
 */
function isIn(span, word) {
  return (
    [span.name, span.service, span.spanId, span.statusMessage].some((text) => holds(text, word)) ||
    // Most are unset: nobody means them.
    (span.status !== "UNSET" && holds(span.status, word)) ||
    span.events.some((event) => holds(event.name, word)) ||
    span.links.some((link) => holds(link.traceId, word) || holds(link.spanId, word)) ||
    isInAttributes(span.attributes, word) ||
    isInAttributes(span.resource.attributes, word)
  );
}

/**
 * @param {Attribute[]} attributes
 * @param {string} word
 * @returns {boolean}
 */
function isInAttributes(attributes, word) {
  // A word without "=" that is in the pair is in the key or in the value: most searches need not build pairs.
  if (!word.includes("=")) return attributes.some(({ key, text }) => holds(key, word) || holds(text, word));
  return attributes.some(({ key, text }) => holds(`${key}=${text}`, word));
}

/**
 * @param {string} text
 * @param {string} word lower case
 * @returns {boolean}
 */
function holds(text, word) {
  return text.toLowerCase().includes(word);
}
