/** What of a search a live message can be judged by, and what only the API can say. */
import { parseDuration } from "../../model/formats.js";
import { queryOf } from "../../model/filters.js";
import { compareStarts } from "./feed.js";

/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */

/**
 * Whether a search has a condition that neither the live protocol nor a summary answers.
 * @param {Filters} filters
 */
export function asksAgain(filters) {
  return filters.attr.length > 0 || filters.link !== "";
}

/**
 * A test of summaries for what the live protocol does not know: the longest duration and the times.
 * @param {Filters} filters
 * @param {number} nowMs what "-1h" is before
 * @returns {(trace: TraceSummary) => boolean}
 */
export function localTest(filters, nowMs) {
  const query = queryOf(filters, nowMs);
  const start = toUnixNano(query.get("start") ?? "");
  const end = toUnixNano(query.get("end") ?? "");
  const longestNano = parseDuration(filters.maxDuration) ?? Infinity;
  return (trace) =>
    trace.durationNano <= longestNano &&
    (start === "" || compareStarts(trace.startTimeUnixNano, start) >= 0) &&
    (end === "" || compareStarts(trace.startTimeUnixNano, end) <= 0);
}

/**
 * The same search from a time on, or from its own start if that is later.
 * @param {Filters} filters
 * @param {string} start Unix nanoseconds, or "" for any time
 * @param {number} nowMs
 * @returns {Filters}
 */
export function startingAt(filters, start, nowMs) {
  const own = toUnixNano(queryOf(filters, nowMs).get("start") ?? "");
  return compareStarts(own, start) >= 0 ? filters : { ...filters, start };
}

/**
 * A time of a search as Unix nanoseconds in decimal, or "" for none; RFC 3339 counts to the millisecond.
 * @param {string} text
 * @returns {string}
 */
export function toUnixNano(text) {
  if (/^\d{1,19}$/.test(text)) return BigInt(text).toString();
  const milliseconds = Date.parse(text);
  return milliseconds > 0 ? `${milliseconds}000000` : "";
}
