/** The rows of the list as they grow: pages below, live traces on top, those that wait, and the bounds of all. */

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */

/** So many rows stay when live traces push others out at the bottom, and so many wait to be shown. */
export const MAX_LIVE_ROWS = 500;
export const PAGE_LIMIT = 100;

/**
 * Where older traces are: behind a page's cursor, or at and before a time, after rows were pushed out.
 * @typedef {{cursor: string} | {end: string}} Older
 */

/**
 * @typedef {object} Feed
 * @property {TraceSummary[]} rows what is shown, newest first unless a trace has grown while the rows are held
 * @property {TraceSummary[]} waiting new traces that are not shown yet, newest first
 * @property {boolean} hasLostWaiting more of them came than are kept: the rows do not continue them
 * @property {Older | null} older null when there are no older ones
 * @property {number} capacity rows at most when new ones come; as many as somebody has asked for by going down
 */

/** @type {Feed} */
export const EMPTY_FEED = {
  rows: [],
  waiting: [],
  hasLostWaiting: false,
  older: null,
  capacity: MAX_LIVE_ROWS,
};

/**
 * The list's own order.
 * @param {TraceSummary} a
 * @param {TraceSummary} b
 */
export function byNewest(a, b) {
  return compareStarts(b.startTimeUnixNano, a.startTimeUnixNano) || (a.traceId < b.traceId ? 1 : -1);
}

/**
 * Below 0 if the first time is before the second one. Both are decimal text without leading zeros, which is as exact
 * as BigInt and many times faster.
 * @param {string} a
 * @param {string} b
 */
export function compareStarts(a, b) {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}

/**
 * With a page of older traces at the end.
 * @param {Feed} feed
 * @param {TraceSummary[]} traces
 * @param {Older | null} older
 * @returns {Feed}
 */
export function withPage(feed, traces, older) {
  const rows = merge(feed.rows, traces).sort(byNewest);
  return { ...feed, rows, older, capacity: Math.max(feed.capacity, rows.length) };
}

/**
 * With traces that are new or have grown. Those that are shown are replaced where they stand; the others come on top,
 * or wait if the rows are held.
 * @param {Feed} feed
 * @param {TraceSummary[]} traces
 * @param {boolean} isHeld
 * @returns {Feed}
 */
export function withTraces(feed, traces, isHeld) {
  const shown = new Set(feed.rows.map((row) => row.traceId));
  const grown = traces.filter((trace) => shown.has(trace.traceId));
  const last = feed.rows[feed.rows.length - 1];
  // A trace that is older than the last row has its place on a page that is not loaded.
  const isAbove = (/** @type {TraceSummary} */ trace) =>
    !feed.older || !last || compareStarts(trace.startTimeUnixNano, last.startTimeUnixNano) >= 0;
  const fresh = traces.filter((trace) => !shown.has(trace.traceId) && isAbove(trace));

  const rows = grown.length ? merge(feed.rows, grown) : feed.rows;
  if (!isHeld) return withinCapacity({ ...feed, rows: merge(rows, fresh).sort(byNewest) });
  if (!fresh.length) return { ...feed, rows };
  const waiting = merge(feed.waiting, fresh).sort(byNewest);
  const hasLostWaiting = feed.hasLostWaiting || waiting.length > MAX_LIVE_ROWS;
  return { ...feed, rows, waiting: waiting.slice(0, MAX_LIVE_ROWS), hasLostWaiting };
}

/**
 * With those that waited on top, and no more rows than live ones may be.
 * @param {Feed} feed
 * @returns {Feed}
 */
export function withWaiting(feed) {
  if (!feed.waiting.length) return feed;
  const { rows, waiting, hasLostWaiting, older } = feed;
  const released = { ...feed, waiting: [], hasLostWaiting: false, capacity: MAX_LIVE_ROWS };
  // What lies between those that waited and the rows is not known, so the list goes on below those that waited.
  if (hasLostWaiting) return { ...released, rows: waiting, older: endingAt(waiting) };
  return withinCapacity({ ...released, rows: merge(rows, waiting).sort(byNewest), older });
}

/**
 * With the newest traces of a search that found more than can be shown: what lies between them and the rows is not
 * known.
 * @param {Feed} feed
 * @param {TraceSummary[]} traces
 * @param {boolean} isHeld
 * @returns {Feed}
 */
export function withJump(feed, traces, isHeld) {
  const waiting = merge(feed.waiting, traces).sort(byNewest).slice(0, MAX_LIVE_ROWS);
  const jumped = { ...feed, waiting, hasLostWaiting: true };
  return isHeld ? jumped : withWaiting(jumped);
}

/**
 * Without the traces that a test does not pass.
 * @param {Feed} feed
 * @param {(trace: TraceSummary) => boolean} passes
 * @returns {Feed}
 */
export function onlyWith(feed, passes) {
  if (feed.rows.every(passes) && feed.waiting.every(passes)) return feed;
  return { ...feed, rows: feed.rows.filter(passes), waiting: feed.waiting.filter(passes) };
}

/** @type {(feed: Feed) => Feed} */
function withinCapacity(feed) {
  if (feed.rows.length <= feed.capacity) return feed;
  const rows = feed.rows.slice(0, feed.capacity);
  return { ...feed, rows, older: endingAt(rows) };
}

/** @type {(rows: TraceSummary[]) => Older} */
function endingAt(rows) {
  return { end: rows[rows.length - 1].startTimeUnixNano };
}

/**
 * One row for each trace. Live messages and answers of the API overtake each other; a trace only grows, so the state
 * with more spans is the later one.
 * @type {(rows: TraceSummary[], traces: TraceSummary[]) => TraceSummary[]}
 */
function merge(rows, traces) {
  const byId = new Map(rows.map((row) => [row.traceId, row]));
  for (const trace of traces) {
    const known = byId.get(trace.traceId);
    if (!known || trace.spanCount >= known.spanCount) byId.set(trace.traceId, trace);
  }
  return [...byId.values()];
}
