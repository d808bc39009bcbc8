/** What is kept on the device: theme, time zone, saved searches and the like. Nothing of it is secret. */
import { readStored, writeStored } from "./storage.js";
import { createStore, useStore } from "./store.js";

/**
 * @typedef {object} SavedSearch
 * @property {string} name
 * @property {string} query the filters as the URL has them
 */

/**
 * @typedef {object} Preferences
 * @property {"system" | "light" | "dark"} theme
 * @property {"local" | "utc"} zone
 * @property {boolean} shortcuts whether single characters are keys (WCAG 2.1.4 wants them to be stoppable)
 * @property {SavedSearch[]} savedSearches
 * @property {Record<string, number>} columnWidths in pixels, by the column's name
 */

/** @type {Preferences} */
const DEFAULTS = { theme: "system", zone: "local", shortcuts: true, savedSearches: [], columnWidths: {} };
const PREFIX = "otel-worker.";

/** @type {(value: unknown) => boolean} */
const isSavedSearch = (value) =>
  isObject(value) && typeof value.name === "string" && typeof value.query === "string";

/**
 * Other versions of the page, and people, write to the same storage.
 * @type {Record<keyof Preferences, (value: unknown) => boolean>}
 */
const CHECKS = {
  theme: (value) => value === "system" || value === "light" || value === "dark",
  zone: (value) => value === "local" || value === "utc",
  shortcuts: (value) => typeof value === "boolean",
  savedSearches: (value) => Array.isArray(value) && value.every(isSavedSearch),
  columnWidths: (value) => isObject(value) && Object.values(value).every(Number.isFinite),
};

/** @type {Map<keyof Preferences, import("./store.js").Store<any>>} */
const stores = new Map();

/**
 * A preference's value, and what sets it here, in other views, in other tabs and for the next visit.
 * @template {keyof Preferences} Name
 * @param {Name} name
 * @returns {[Preferences[Name], (value: Preferences[Name]) => void]}
 */
export function usePreference(name) {
  const value = useStore(storeOf(name));
  return [value, (next) => setPreference(name, next)];
}

/**
 * @template {keyof Preferences} Name
 * @param {Name} name
 * @returns {Preferences[Name]}
 */
export function preference(name) {
  return storeOf(name).get();
}

/**
 * @template {keyof Preferences} Name
 * @param {Name} name
 * @param {Preferences[Name]} value
 */
export function setPreference(name, value) {
  writeStored("localStorage", PREFIX + name, JSON.stringify(value));
  show(name, value);
}

/** @type {(name: keyof Preferences) => import("./store.js").Store<any>} */
function storeOf(name) {
  let store = stores.get(name);
  if (!store) {
    store = createStore(read(name));
    stores.set(name, store);
  }
  return store;
}

/** @type {(name: keyof Preferences) => unknown} */
function read(name) {
  const text = readStored("localStorage", PREFIX + name);
  try {
    const value = JSON.parse(text ?? "null");
    return CHECKS[name](value) ? value : DEFAULTS[name];
  } catch {
    return DEFAULTS[name];
  }
}

/** @type {(name: keyof Preferences, value: unknown) => void} */
function show(name, value) {
  storeOf(name).set(value);
  // theme.js has read it before the first paint; it puts the new one on the page too.
  if (name === "theme") window.dispatchEvent(new CustomEvent("otel-worker.theme", { detail: value }));
}

/** @type {(value: unknown) => value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

window.addEventListener("storage", (event) => {
  for (const name of /** @type {(keyof Preferences)[]} */ (Object.keys(DEFAULTS))) {
    if (event.key === null || event.key === PREFIX + name) show(name, read(name));
  }
});
