/** The visible part of time: nanoseconds to 0..1 and back, zoom, pan, and where ticks stand. */

/**
 * A range of time that is shown. It never changes: zooming and panning give a new one.
 * @typedef {object} TimeScale
 * @property {number} start
 * @property {number} end always after the start
 * @property {(nano: number) => number} toFraction 0 at the start, 1 at the end, beyond them outside
 * @property {(fraction: number) => number} toNano
 * @property {(fraction: number, factor: number) => TimeScale} zoomAt the time at a fraction stays there;
 *   a factor of 2 shows half as much time, 0.5 twice as much
 * @property {(fraction: number) => TimeScale} panBy 1 goes on to what is just behind the end
 * @property {(start: number, end: number) => TimeScale} clamp moved, or made shorter too, to be inside
 */

/** @typedef {{nano: number, label: string}} Tick */

// What is shown is at least so wide, and at least so much of its time since the start of the trace, that
// Numbers tell its pixels apart.
const MIN_WIDTH_NANO = 10;
const MIN_WIDTH_PART = 2 ** -40;
// A step that does not change a large Number would never end.
const MIN_STEP_PART = 2 ** -50;
const SECOND_NANO = 1e9;
const MINUTE_NANO = 60e9;
const HOUR_NANO = 3600e9;
const DAY_NANO = 24 * HOUR_NANO;
/** @type {[string, number][]} */
const UNITS = [
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
  ["ns", 1],
];
// Steps above a second that divide minutes, hours and days.
const LONG_STEPS_NANO = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND_NANO),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_NANO),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_NANO),
];

/**
 * Return a scale from a start to an end, or of a nanosecond if the end is not after the start.
 * @param {number} start
 * @param {number} end
 * @returns {TimeScale}
 */
export function makeScale(start, end) {
  const width = end > start ? end - start : 1;
  return {
    start,
    end: start + width,
    toFraction: (nano) => (nano - start) / width,
    toNano: (fraction) => start + fraction * width,
    zoomAt(fraction, factor) {
      const least = Math.max(MIN_WIDTH_NANO, Math.abs(start) * MIN_WIDTH_PART);
      const zoomed = Math.max(width / factor, Math.min(width, least));
      const from = start + fraction * (width - zoomed);
      return makeScale(from, from + zoomed);
    },
    panBy: (fraction) => makeScale(start + fraction * width, start + (fraction + 1) * width),
    clamp(first, last) {
      if (width >= last - first) return makeScale(first, last);
      const from = Math.min(Math.max(start, first), last - width);
      return makeScale(from, from + width);
    },
  };
}

/**
 * Return round times from a start to an end, about as many as asked for, each with a label of one precision.
 * @param {number} start
 * @param {number} end
 * @param {number} count at least 1
 * @returns {Tick[]}
 */
export function ticks(start, end, count) {
  if (!(end > start)) return [];
  const largest = Math.max(Math.abs(start), Math.abs(end));
  const step = roundStep(Math.max((end - start) / Math.max(1, count), largest * MIN_STEP_PART));
  const label = labeller(largest, step);
  const found = [];
  const last = Math.floor(end / step);
  // Multiples and no sum, which would drift.
  for (let index = Math.ceil(start / step); index <= last; index += 1) {
    found.push({ nano: index * step, label: label(index * step) });
  }
  return found;
}

/**
 * Return the smallest round step that is at least this wide, and at least 1 ns.
 * @param {number} least
 * @returns {number}
 */
function roundStep(least) {
  if (least <= 1) return 1;
  if (least > SECOND_NANO) {
    const step = LONG_STEPS_NANO.find((nano) => nano >= least);
    return step ?? decimalStep(least / DAY_NANO) * DAY_NANO;
  }
  return decimalStep(least);
}

/**
 * Return the smallest of 1, 2, 5, 10, 20, 50... that is at least this large.
 * @param {number} least
 * @returns {number}
 */
function decimalStep(least) {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  // 10 is there for what rounding left, as in 10 ** Math.log10(1000).
  const digit = [1, 2, 5, 10].find((factor) => factor * power >= least) ?? 20;
  return digit * power;
}

/**
 * Return what writes times in the unit of the largest one, with the digits that tell steps apart.
 * @param {number} largest
 * @param {number} step
 * @returns {(nano: number) => string}
 */
function labeller(largest, step) {
  if (largest >= MINUTE_NANO) return (nano) => (nano === 0 ? "0" : longLabel(nano, step));
  const [unit, unitNano] = UNITS.find(([, size]) => largest >= size) ?? UNITS[UNITS.length - 1];
  const places = placesOf(step, unitNano);
  return (nano) => (nano === 0 ? "0" : `${(nano / unitNano).toFixed(places)} ${unit}`);
}

/**
 * Return a time of a minute or more: "1 h 05 m 30.5 s", without the units that the step does not need.
 * @param {number} nano
 * @param {number} step
 * @returns {string}
 */
function longLabel(nano, step) {
  const sign = nano < 0 ? "-" : "";
  const rest = Math.abs(nano);
  const hours = Math.floor(rest / HOUR_NANO);
  const minutes = Math.floor((rest % HOUR_NANO) / MINUTE_NANO);
  const parts = [];
  if (hours > 0) parts.push(`${hours} h`);
  if (step < HOUR_NANO && (minutes > 0 || hours > 0 || step >= MINUTE_NANO)) parts.push(`${minutes} m`);
  const seconds = (rest % MINUTE_NANO) / SECOND_NANO;
  if (step < MINUTE_NANO) parts.push(`${seconds.toFixed(placesOf(step, SECOND_NANO))} s`);
  return sign + parts.join(" ");
}

/**
 * @param {number} step
 * @param {number} unitNano
 * @returns {number}
 */
function placesOf(step, unitNano) {
  return Math.max(0, Math.ceil(-Math.log10(step / unitNano) - 1e-9));
}
