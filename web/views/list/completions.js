/** What the search box suggests while a condition on an attribute is typed: its key, an operator, a value. */

/** @typedef {import("./combobox.js").Option} Option */
/** @typedef {import("../../platform/api.js").ValueCount} ValueCount */

const MAX_OPTIONS = 50;
const OPERATOR = /!=|>=|<=|[=<>~]/;
/** @type {[string, string][]} */
const OPERATORS = [
  ["=", "is equal"],
  ["!=", "is there, and not equal"],
  [">", "is above"],
  [">=", "is at least"],
  ["<", "is below"],
  ["<=", "is at most"],
  ["~", "contains the text"],
];
const TRACE_ID = /^(?:00-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?$/i;

/**
 * The id of a trace if the text is nothing but that, or a `traceparent` header; else "".
 * @param {string} text
 * @returns {string}
 */
export function traceIdOf(text) {
  return TRACE_ID.exec(text.trim())?.[1].toLowerCase() ?? "";
}

/**
 * The key whose values are asked for, or "" while the key or the operator is still typed.
 * @param {string} text
 * @returns {string}
 */
export function valueKeyOf(text) {
  const match = OPERATOR.exec(text);
  return match ? text.slice(0, match.index).trim() : "";
}

/**
 * @param {string} text what stands in the box
 * @param {string[]} keys of the collector
 * @param {ValueCount[]} values of the key that `valueKeyOf` names
 * @returns {Option[]}
 */
export function completionsOf(text, keys, values) {
  const match = OPERATOR.exec(text);
  if (match) {
    const end = match.index + match[0].length;
    return valueOptions(text.slice(0, end), text.slice(end), values);
  }
  const key = text.trim();
  if (text.endsWith(" ") && key) return operatorOptions(key);
  const found = matching(keys.filter(isAskable), key);
  const options = found.map((label) => ({ value: `${label} `, label, isPart: true }));
  return keys.includes(key)
    ? [...operatorOptions(key), ...options.filter((option) => option.label !== key)]
    : options;
}

/**
 * The names that contain a text, those that begin with it first; capitals do not count.
 * @param {string[]} names
 * @param {string} text
 * @returns {string[]}
 */
export function matching(names, text) {
  const wanted = text.toLowerCase();
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  const isStart = (/** @type {string} */ name) => Number(name.toLowerCase().startsWith(wanted));
  return found.sort((a, b) => isStart(b) - isStart(a)).slice(0, MAX_OPTIONS);
}

/**
 * False for a key that a search cannot name (docs/search.md).
 * @type {(key: string) => boolean}
 */
function isAskable(key) {
  return !/[=<>~]|^\s|\s$|!$/.test(key);
}

/** @type {(key: string) => Option[]} */
function operatorOptions(key) {
  const options = OPERATORS.map(([operator, hint]) => ({
    value: key + operator,
    label: operator,
    hint,
    isPart: true,
  }));
  return [...options, { value: `${key} exists`, label: "exists", hint: "is there, whatever it is" }];
}

/** @type {(condition: string, typed: string, values: ValueCount[]) => Option[]} */
function valueOptions(condition, typed, values) {
  const counts = new Map(values.map(({ value, count }) => [value, count]));
  return matching([...counts.keys()], typed.trim())
    .filter((value) => value !== "")
    .map((value) => ({ value: condition + value, label: value, hint: `${counts.get(value)}×` }));
}
