/** Where the parts of a row's bar are: in nanoseconds, in fractions of what is in sight, and in pixels. */

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/types.js").Span} Span */
/** @typedef {import("../../model/scale.js").TimeScale} TimeScale */

/**
 * A stretch of time, in nanoseconds since the start of the trace.
 * @typedef {object} Stretch
 * @property {number} fromNano
 * @property {number} toNano
 */

/** @typedef {"inside" | "right" | "left"} LabelPlace */

// What a character of the duration's text takes at its size, and the air around the text.
const CHARACTER_PX = 6.4;
const LABEL_AIR_PX = 10;
const SMALLEST_PART = 0.001;

/** @type {WeakMap<Trace, Map<number, Stretch[]>>} */
const selfStretchesOf = new WeakMap();

/**
 * Whether a span has no end, or one before its start.
 * @param {Span} span
 */
export function isUnfinished(span) {
  return span.endUnixNano < span.startUnixNano;
}

/**
 * When a span is over; an unfinished one lasts as long as its trace is known.
 * @param {Trace} trace
 * @param {Span} span
 */
export function endOf(trace, span) {
  return isUnfinished(span) ? trace.durationNano : span.startNano + span.durationNano;
}

/**
 * The stretches of a span in which none of its children runs; worked out once for each row of a trace.
 * @param {Trace} trace
 * @param {number} row
 * @returns {Stretch[]} by time
 */
export function selfStretches(trace, row) {
  let known = selfStretchesOf.get(trace);
  if (known === undefined) {
    known = new Map();
    selfStretchesOf.set(trace, known);
  }
  let stretches = known.get(row);
  if (stretches === undefined) {
    stretches = withoutChildren(trace, row);
    known.set(row, stretches);
  }
  return stretches;
}

/**
 * @param {Trace} trace
 * @param {number} row
 * @returns {Stretch[]}
 */
function withoutChildren(trace, row) {
  const span = trace.spans[row];
  const end = span.startNano + span.durationNano;
  /** @type {Stretch[]} */
  const stretches = [];
  let reached = span.startNano;
  for (let child = row + 1; child < trace.subtreeEnds[row]; child = trace.subtreeEnds[child]) {
    const { startNano, durationNano } = trace.spans[child];
    if (startNano > reached) stretches.push({ fromNano: reached, toNano: Math.min(startNano, end) });
    reached = Math.max(reached, startNano + durationNano);
    if (reached >= end) return stretches;
  }
  if (end > reached) stretches.push({ fromNano: reached, toNano: end });
  return stretches;
}

/**
 * Where a path is drawn, in pixels, and how much of a pixel has to be covered for it to be drawn.
 * @typedef {{widthPx: number, topPx: number, heightPx: number, leastPart: number}} PathBox
 */

/**
 * An SVG path of rectangles where the stretches are. It is made of whole pixels, so that its length depends
 * on the width and not on the number of stretches; where there are any in sight, it has at least one.
 * @param {Iterable<Stretch>} stretches by time
 * @param {TimeScale} scale
 * @param {PathBox} box
 */
export function pathOf(stretches, scale, { widthPx, topPx, heightPx, leastPart }) {
  const covered = coverage(stretches, scale, widthPx);
  if (covered === null) return "";
  const least = Math.min(leastPart, covered.largest);
  let path = "";
  let from = -1;
  for (let pixel = 0; pixel <= widthPx; pixel += 1) {
    const isDrawn = pixel < widthPx && covered.parts[pixel] > 0 && covered.parts[pixel] >= least;
    if (isDrawn && from < 0) from = pixel;
    if (isDrawn || from < 0) continue;
    path += `M${from} ${topPx}h${pixel - from}v${heightPx}H${from}z`;
    from = -1;
  }
  return path;
}

/**
 * How much of each pixel is covered, from 0 to 1; null if nothing is in sight.
 * @param {Iterable<Stretch>} stretches by time
 * @param {TimeScale} scale
 * @param {number} widthPx
 * @returns {{parts: Float32Array, largest: number} | null}
 */
function coverage(stretches, scale, widthPx) {
  /** @type {Float32Array | null} */
  let parts = null;
  let largest = 0;
  for (const { fromNano, toNano } of stretches) {
    if (toNano < scale.start) continue;
    if (fromNano > scale.end) break;
    parts ??= new Float32Array(widthPx);
    const left = Math.max(0, scale.toFraction(fromNano) * widthPx);
    const right = Math.min(widthPx, scale.toFraction(toNano) * widthPx);
    const last = Math.min(widthPx - 1, Math.floor(right));
    for (let pixel = Math.min(widthPx - 1, Math.floor(left)); pixel <= last; pixel += 1) {
      // What is too short to be seen still counts for a little.
      parts[pixel] += Math.max(Math.min(right, pixel + 1) - Math.max(left, pixel), SMALLEST_PART);
      largest = Math.max(largest, parts[pixel]);
    }
  }
  return parts && { parts, largest };
}

/**
 * Where the duration's text goes: behind the bar if there is room, else in front of it, else on it.
 * @param {{left: number, right: number}} bar fractions of what is in sight
 * @param {number} widthPx of what is in sight
 * @param {string} text
 * @returns {LabelPlace}
 */
export function labelPlace(bar, widthPx, text) {
  const needed = (text.length * CHARACTER_PX + LABEL_AIR_PX) / widthPx;
  if (bar.right + needed <= 1) return "right";
  if (bar.left - needed >= 0) return "left";
  return "inside";
}

/**
 * One tick for all events of a span that are within a few pixels.
 * @typedef {object} EventTick
 * @property {number} fraction
 * @property {string[]} names
 * @property {number} count
 */

const TICK_PX = 4;
const NAMES_OF_TICK = 5;

/**
 * The events of a span that are in sight, those close together as one.
 * @param {Span} span
 * @param {TimeScale} scale
 * @param {number} widthPx
 * @returns {EventTick[]}
 */
export function eventTicks(span, scale, widthPx) {
  /** @type {EventTick[]} */
  const ticks = [];
  let last = -1;
  for (const event of span.events) {
    const fraction = scale.toFraction(event.timeNano);
    if (fraction < 0 || fraction > 1) continue;
    const place = Math.floor((fraction * widthPx) / TICK_PX);
    if (place === last) {
      const tick = ticks[ticks.length - 1];
      tick.count += 1;
      if (tick.names.length < NAMES_OF_TICK) tick.names.push(event.name);
    } else {
      ticks.push({ fraction, names: [event.name], count: 1 });
      last = place;
    }
  }
  return ticks;
}
