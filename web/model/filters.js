/** Filters of the list: from the URL, to the URL, as the API wants them, and in words. */

import { parseDuration } from "./formats.js";

/** @typedef {import("./types.js").Filters} Filters */

/** @type {string[]} */
const NO_ATTRIBUTES = [];
Object.freeze(NO_ATTRIBUTES);

/** @type {Readonly<Filters>} */
export const EMPTY_FILTERS = Object.freeze({
  service: "",
  name: "",
  status: "",
  minDuration: "",
  maxDuration: "",
  attr: NO_ATTRIBUTES,
  start: "",
  end: "",
  link: "",
});

/** @type {("service" | "name" | "status" | "minDuration" | "maxDuration" | "start" | "end" | "link")[]} */
const SINGLE = ["service", "name", "status", "minDuration", "maxDuration", "start", "end", "link"];
const DAYS = /^(\d{1,5})d$/;
const DAY_NANO = 86400e9;
/** @type {Record<string, string>} */
const UNIT_WORDS = { s: "seconds", m: "minutes", h: "hours", d: "days" };

/**
 * Return the filters of a URL; what is not known there is left out.
 * @param {URLSearchParams} parameters
 * @returns {Filters}
 */
export function filtersFromParameters(parameters) {
  /** @type {Filters} */
  const filters = { ...EMPTY_FILTERS, attr: parameters.getAll("attr").filter((text) => text !== "") };
  for (const name of SINGLE) filters[name] = parameters.get(name) ?? "";
  return filters;
}

/**
 * Return the filters as the URL has them, without the empty ones, always in one order.
 * @param {Filters} filters
 * @returns {URLSearchParams}
 */
export function parametersOf(filters) {
  const parameters = new URLSearchParams();
  for (const name of SINGLE) if (filters[name] !== "") parameters.set(name, filters[name]);
  for (const text of filters.attr) if (text !== "") parameters.append("attr", text);
  return parameters;
}

/**
 * Return the filters as the API wants them: "-1h" becomes a time. What is no time stays: the API says what is
 * wrong.
 * @param {Filters} filters
 * @param {number} nowMs
 * @returns {URLSearchParams}
 */
export function queryOf(filters, nowMs) {
  const { start, end } = filters;
  return parametersOf({ ...filters, start: resolveTime(start, nowMs), end: resolveTime(end, nowMs) });
}

/**
 * Return the filters in words: "checkout, errors, at least 250ms, the last 2 hours"; "all traces" for none.
 * @param {Filters} filters
 * @returns {string}
 */
export function describe(filters) {
  const parts = [
    filters.service,
    filters.name,
    filters.status === "error" ? "errors" : filters.status,
    filters.minDuration && `at least ${filters.minDuration}`,
    filters.maxDuration && `at most ${filters.maxDuration}`,
    ...filters.attr,
    filters.link && `linked to ${filters.link}`,
    ...describeTimes(filters.start, filters.end),
  ];
  return parts.filter((part) => part !== "").join(", ") || "all traces";
}

/**
 * @param {string} text
 * @param {number} nowMs
 * @returns {string}
 */
function resolveTime(text, nowMs) {
  const ago = text.startsWith("-") ? agoNano(text.slice(1)) : null;
  if (ago === null) return text;
  const unixNano = BigInt(Math.floor(nowMs)) * 1000000n - BigInt(ago);
  return String(unixNano < 0n ? 0n : unixNano);
}

/**
 * @param {string} text a duration as in the API, or days, "7d"
 * @returns {number | null}
 */
function agoNano(text) {
  const days = DAYS.exec(text);
  return days === null ? parseDuration(text) : Number(days[1]) * DAY_NANO;
}

/**
 * @param {string} start
 * @param {string} end
 * @returns {string[]}
 */
function describeTimes(start, end) {
  const span = start.startsWith("-") && end === "" ? inWords(start.slice(1)) : "";
  if (span !== "") return [`the last ${span}`];
  return [start && `from ${start}`, end && `until ${end}`];
}

/**
 * @param {string} text
 * @returns {string} "hour", "15 minutes", or the text itself
 */
function inWords(text) {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (match === null) return text;
  const word = UNIT_WORDS[match[2]];
  return match[1] === "1" ? word.slice(0, -1) : `${match[1]} ${word}`;
}
