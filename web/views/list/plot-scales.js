/** The axes of the plots: the time they cover, round times of the clock on it, and durations as a search has them. */
import { formatTime } from "../../model/formats.js";

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */
/** @typedef {"local" | "utc"} Zone */
/** @typedef {{from: bigint, to: bigint}} TimeSpan */

const MILLI_NANO = 1_000_000n;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const STEPS_MS = [
  ...[1, 2, 5, 10, 50, 100, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY_MS),
];
/** @type {[string, number][]} */
const UNITS = [
  ["s", 1e9],
  ["ms", 1e6],
  ["us", 1e3],
  ["ns", 1],
];
/** Points at the edge would be cut; and a single trace has no width. */
const MARGIN_PARTS = 50n;
const LEAST_MARGIN_NANO = 100n * MILLI_NANO;

/**
 * The time from the first start to the last one, and a bit more.
 * @param {readonly TraceSummary[]} traces
 * @returns {TimeSpan}
 */
export function timeSpanOf(traces) {
  let from = BigInt(traces[0]?.startTimeUnixNano ?? 0);
  let to = from;
  for (const trace of traces) {
    const start = BigInt(trace.startTimeUnixNano);
    if (start < from) from = start;
    if (start > to) to = start;
  }
  const margin = (to - from) / MARGIN_PARTS + LEAST_MARGIN_NANO;
  return { from: from - margin, to: to + margin };
}

/**
 * Round times of the reader's clock within a time, at most as many as asked for.
 * @param {TimeSpan} span
 * @param {number} count
 * @param {Zone} zone
 * @returns {{x: number, label: string}[]} x from 0 to 1
 */
export function clockTicks({ from, to }, count, zone) {
  const fromMs = Number(from / MILLI_NANO);
  const widthMs = Number((to - from) / MILLI_NANO) || 1;
  const stepMs = STEPS_MS.find((step) => widthMs / step <= count) ?? widthMs;
  // So that hours and days are those of the zone.
  const offsetMs = zone === "utc" ? 0 : new Date(fromMs).getTimezoneOffset() * MINUTE_MS;
  const ticks = [];
  for (
    let ms = Math.ceil((fromMs - offsetMs) / stepMs) * stepMs + offsetMs;
    ms <= fromMs + widthMs;
    ms += stepMs
  ) {
    ticks.push({ x: (ms - fromMs) / widthMs, label: clockLabel(ms, stepMs, zone) });
  }
  return ticks;
}

/** @type {(ms: number, stepMs: number, zone: Zone) => string} */
function clockLabel(ms, stepMs, zone) {
  const unixNano = BigInt(Math.round(ms)) * MILLI_NANO;
  const precision = stepMs < SECOND_MS ? 3 : 0;
  const [day, time] = formatTime(unixNano, zone, { withDate: true, precision }).split(" ");
  if (stepMs >= DAY_MS) return day.slice(5);
  return stepMs >= MINUTE_MS ? time.slice(0, 5) : time;
}

/**
 * A duration as a search has it, with three digits.
 * @param {number} nano
 * @param {"down" | "up"} rounding
 * @returns {string} such as "12.3ms"
 */
export function durationText(nano, rounding) {
  const [unit, size] = UNITS.find(([, unitNano]) => nano >= unitNano) ?? UNITS[UNITS.length - 1];
  const value = nano / size;
  const places = unit === "ns" ? 0 : Math.max(0, 2 - Math.floor(Math.log10(value)));
  const factor = 10 ** places;
  // What is three digits already, but for the last bits of a double, is not to become another number.
  const scaled = Number((value * factor).toPrecision(12));
  const rounded = (rounding === "down" ? Math.floor(scaled) : Math.ceil(scaled)) / factor;
  return `${Number(rounded.toFixed(places))}${unit}`;
}

/**
 * A time as a search has it, to the millisecond.
 * @param {bigint} unixNano
 * @param {"down" | "up"} rounding
 * @returns {string} RFC 3339
 */
export function timeText(unixNano, rounding) {
  const added = rounding === "up" ? MILLI_NANO - 1n : 0n;
  return new Date(Number((unixNano + added) / MILLI_NANO)).toISOString();
}
