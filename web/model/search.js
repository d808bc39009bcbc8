/** Search inside a trace. */

/** @typedef {import("./types.js").Attribute} Attribute */
/** @typedef {import("./types.js").Resource} Resource */
/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./types.js").Trace} Trace */

// A phrase in quotes, or a word. A quote inside of a word is a part of it: {"a":1} is searched as it stands.
const WORDS = /"([^"]+)"(?=\s|$)|\S+/g;

// Between two texts, so that no word is found in the end of one and the beginning of the next: no word has one.
const SEPARATOR = "\n";

// Each letter that is typed searches again: what is searched is put together once.
/** @type {WeakMap<Trace, string[]>} */
const textsOfSpans = new WeakMap();
/** @type {WeakMap<Resource, string>} */
const textOfResource = new WeakMap();

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
  const texts = kept(textsOfSpans, trace, () => trace.spans.map(textOf));
  return Uint8Array.from(trace.spans, ({ resource }, row) => {
    const resourceText = kept(textOfResource, resource, () => searchable(pairsOf(resource.attributes)));
    return Number(words.every((word) => texts[row].includes(word) || resourceText.includes(word)));
  });
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
 * @returns {string}
 */
function textOf(span) {
  return searchable([
    span.name,
    span.service,
    span.spanId,
    span.statusMessage,
    // Most are unset: nobody means them.
    span.status === "UNSET" ? "" : span.status,
    ...span.events.map((event) => event.name),
    ...span.links.flatMap((link) => [link.traceId, link.spanId]),
    ...pairsOf(span.attributes),
  ]);
}

/** @type {(attributes: Attribute[]) => string[]} */
function pairsOf(attributes) {
  return attributes.map(({ key, text }) => `${key}=${text}`);
}

/** @type {(texts: string[]) => string} */
function searchable(texts) {
  return texts.join(SEPARATOR).toLowerCase();
}

/**
 * @template {object} Key
 * @template Value
 * @param {WeakMap<Key, Value>} known
 * @param {Key} key
 * @param {() => Value} make
 * @returns {Value}
 */
function kept(known, key, make) {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}
