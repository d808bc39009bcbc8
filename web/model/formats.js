/** Durations, times and counts as people read them, and hostile text made harmless to look at. */

const SECOND_NANO = 1e9;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
/** @type {[string, number][]} */
const SMALL_UNITS = [
  ["ns", 1],
  ["µs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
];
/** @type {Record<string, number>} */
const UNITS_NANO = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const DURATION = /^(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|μs|ms|s|m|h)$/;
// What the collector stores as a 64-bit integer.
const MAX_NANO = 2 ** 63;
/** @type {[string, number][]} */
const LARGE_COUNTS = [
  ["G", 1e9],
  ["M", 1e6],
  ["k", 1e3],
];

// Characters that are not seen or that reorder what is around them, and surrogates without their other half.
// Not among them: tabs, line feeds, returns before these; joiners and variation selectors, as scripts and
// emoji need them.
const UNSEEN =
  /\r(?!\n)|[[\p{Cc}\p{Cs}\p{Bidi_C}\p{DI}\u2028\u2029\ufff9-\ufffb]--[\t\n\r\u200c\u200d\ufe00-\ufe0f]]/gv;

/**
 * Return a duration with three digits and a unit up to a minute, and with two units above.
 * @param {number} nano
 * @returns {string}
 */
export function formatDuration(nano) {
  if (!Number.isFinite(nano)) return "–";
  if (nano < 0) return `-${formatDuration(-nano)}`;
  const seconds = Math.round(nano / SECOND_NANO);
  if (seconds >= DAY) return twoUnits(seconds, DAY, "d", HOUR, "h");
  if (seconds >= HOUR) return twoUnits(seconds, HOUR, "h", MINUTE, "m");
  if (seconds >= MINUTE) return twoUnits(seconds, MINUTE, "m", 1, "s");
  for (const [unit, unitNano] of SMALL_UNITS) {
    const digits = threeDigits(nano / unitNano, unitNano === 1);
    if (unit === "s" || (nano < 1000 * unitNano && digits !== "1000")) return `${digits} ${unit}`;
  }
  return "";
}

/**
 * Return a count: in full below 10,000, above with three digits and k, M or G.
 * @param {number} count
 * @returns {string}
 */
export function formatCount(count) {
  if (count < 10000) return grouped(String(count));
  for (const [letter, size] of LARGE_COUNTS) {
    // 999,950 is 1 M and not 1000 k.
    if (count >= size * 0.9995) return `${threeDigits(count / size, false)}${letter}`;
  }
  return grouped(String(count));
}

/**
 * Return nanoseconds in full: "1,234,567 ns".
 * @param {number | bigint} nano
 * @returns {string}
 */
export function exactNano(nano) {
  return `${grouped(BigInt(typeof nano === "number" ? Math.round(nano) : nano).toString())} ns`;
}

/**
 * Return a time of the day, or a date with it: "2026-01-31 12:00:00.123".
 * @param {bigint} unixNano
 * @param {"local" | "utc"} zone
 * @param {{withDate?: boolean, precision?: 0 | 3 | 6 | 9}} [options] digits behind the second; 3 by default
 * @returns {string}
 */
export function formatTime(unixNano, zone, { withDate = false, precision = 3 } = {}) {
  const milliseconds = Number(unixNano / 1000000n);
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return exactNano(unixNano);
  // A date that is shifted by the zone's offset shows local time in its UTC fields.
  const shown = zone === "utc" ? date : new Date(milliseconds - date.getTimezoneOffset() * 60000);
  const [day, rest] = shown.toISOString().split("T");
  const fraction = String(unixNano % 1000000000n)
    .padStart(9, "0")
    .slice(0, precision);
  const time = rest.slice(0, 8) + (precision > 0 ? `.${fraction}` : "");
  return withDate ? `${day} ${time}` : time;
}

/**
 * Return how long ago a moment was, in its largest unit: "3 min ago".
 * @param {bigint} unixNano
 * @param {number} nowMs
 * @returns {string}
 */
export function formatRelative(unixNano, nowMs) {
  const seconds = Math.floor((nowMs - Number(unixNano / 1000000n)) / 1000);
  if (seconds < 0) return `in ${largestUnit(-seconds)}`;
  return seconds === 0 ? "just now" : `${largestUnit(seconds)} ago`;
}

/**
 * Return a text in which everything that is not seen, or reorders what is, stands as its code: "\u202e". Tabs
 * and ends of lines stay.
 * @param {string} text
 * @returns {string}
 */
export function printable(text) {
  return text.replace(UNSEEN, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}

/**
 * Return the nanoseconds of a duration as the API takes it ("250ms", "1.5s"), or null if it is none.
 * @param {string} text
 * @returns {number | null}
 */
export function parseDuration(text) {
  const match = DURATION.exec(text);
  if (match === null) return null;
  // The digits without the point are a whole number, so that 1.1 ms is exactly 1,100,000.
  const [whole, fraction = ""] = match[1].split(".");
  const nano = Math.floor((Number(whole + fraction) * UNITS_NANO[match[2]]) / 10 ** fraction.length);
  return nano < MAX_NANO ? nano : null;
}

/**
 * @param {number} seconds
 * @param {number} large
 * @param {string} largeName
 * @param {number} small
 * @param {string} smallName
 * @returns {string}
 */
function twoUnits(seconds, large, largeName, small, smallName) {
  const rest = String(Math.floor((seconds % large) / small)).padStart(2, "0");
  return `${Math.floor(seconds / large)} ${largeName} ${rest} ${smallName}`;
}

/**
 * @param {number} value
 * @param {boolean} isWhole
 * @returns {string}
 */
function threeDigits(value, isWhole) {
  const places = isWhole || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(places)));
}

/**
 * @param {string} digits
 * @returns {string}
 */
function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * @param {number} seconds
 * @returns {string}
 */
function largestUnit(seconds) {
  if (seconds >= DAY) return `${Math.floor(seconds / DAY)} d`;
  if (seconds >= HOUR) return `${Math.floor(seconds / HOUR)} h`;
  return seconds >= MINUTE ? `${Math.floor(seconds / MINUTE)} min` : `${seconds} s`;
}
