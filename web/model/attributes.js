/** Attributes of OTLP JSON as text that people read. Takes any JSON; nothing throws. */

/** @typedef {import("./types.js").Attribute} Attribute */
/** @typedef {import("./types.js").ValueType} ValueType */
/** @typedef {Record<string, unknown>} JsonObject */

// As deep as the collector stores values; what is below is not shown.
const MAX_DEPTH = 32;
const DECIMAL = /^-?\d{1,20}$/;

/** @type {Readonly<Attribute[]>} */
const NONE = [];

/**
 * Return a value as an object, and an empty one for anything else.
 * @param {unknown} value
 * @returns {JsonObject}
 */
export function objectOf(value) {
  return typeof value === "object" && value !== null ? /** @type {JsonObject} */ (value) : {};
}

/**
 * Return a value as an array, and an empty one for anything else.
 * @param {unknown} value
 * @returns {unknown[]}
 */
export function arrayOf(value) {
  return Array.isArray(value) ? value : [];
}

/**
 * Return a value if it is text, and "" for anything else.
 * @param {unknown} value
 * @returns {string}
 */
export function textOf(value) {
  return typeof value === "string" ? value : "";
}

/**
 * Return the attributes of a list of KeyValue; of two with one key the later value stays, as in the
 * collector.
 * @param {unknown} list
 * @returns {Attribute[]}
 */
export function readAttributes(list) {
  const pairs = arrayOf(list);
  if (pairs.length === 0) return /** @type {Attribute[]} */ (NONE);
  /** @type {Map<string, Attribute>} */
  const attributes = new Map();
  for (const pair of pairs) {
    const { key, value } = objectOf(pair);
    const name = textOf(key);
    attributes.set(name, readAttribute(name, value));
  }
  return [...attributes.values()];
}

/**
 * @param {string} key
 * @param {unknown} anyValue an AnyValue
 * @returns {Attribute}
 */
function readAttribute(key, anyValue) {
  const value = objectOf(anyValue);
  // Most values are texts.
  if (typeof value.stringValue === "string") return { key, type: "string", text: value.stringValue };
  const type = typeOf(value);
  if (type === "empty") return { key, type, text: "" };
  if (type === "bytes") return { key, type, text: textOf(value.bytesValue) };
  if (type === "double") return { key, type, text: String(value.doubleValue) };
  return { key, type, text: jsonOf(value, 0) };
}

/**
 * @param {JsonObject} value
 * @returns {ValueType}
 */
function typeOf(value) {
  if (typeof value.stringValue === "string") return "string";
  if (typeof value.boolValue === "boolean") return "bool";
  if (isNumeric(value.intValue)) return "int";
  if (isNumeric(value.doubleValue)) return "double";
  if (typeof value.bytesValue === "string") return "bytes";
  if (typeof value.arrayValue === "object" && value.arrayValue) return "array";
  if (typeof value.kvlistValue === "object" && value.kvlistValue) return "map";
  return "empty";
}

/**
 * @param {unknown} value
 * @returns {boolean}
 */
function isNumeric(value) {
  return typeof value === "number" || typeof value === "string";
}

/**
 * Return an AnyValue as JSON. Ints are numbers with all their digits, bytes and odd doubles are texts.
 * @param {JsonObject} value
 * @param {number} depth
 * @returns {string}
 */
function jsonOf(value, depth) {
  if (depth > MAX_DEPTH) return '"…"';
  switch (typeOf(value)) {
    case "string":
      return JSON.stringify(value.stringValue);
    case "bool":
      return String(value.boolValue);
    case "int":
      return intText(value.intValue, depth > 0);
    case "double": {
      const text = String(value.doubleValue);
      return Number.isFinite(value.doubleValue) ? text : JSON.stringify(text);
    }
    case "bytes":
      return JSON.stringify(value.bytesValue);
    case "array": {
      const values = arrayOf(objectOf(value.arrayValue).values);
      return `[${values.map((item) => jsonOf(objectOf(item), depth + 1)).join(",")}]`;
    }
    case "map": {
      const pairs = arrayOf(objectOf(value.kvlistValue).values).map(objectOf);
      return `{${pairs.map((pair) => memberOf(pair, depth + 1)).join(",")}}`;
    }
    default:
      return "null";
  }
}

/**
 * @param {JsonObject} pair a KeyValue
 * @param {number} depth
 * @returns {string}
 */
function memberOf({ key, value }, depth) {
  return `${JSON.stringify(textOf(key))}:${jsonOf(objectOf(value), depth)}`;
}

/**
 * @param {unknown} value a number, or its text
 * @param {boolean} isInside whether it has to be JSON
 * @returns {string}
 */
function intText(value, isInside) {
  const text = String(value);
  return isInside && !DECIMAL.test(text) ? JSON.stringify(text) : text;
}
