/** When a trace that is shown is read again: told by the live line, or asked now and then without one. */

import { watch } from "../../platform/live.js";
import { EMPTY_FILTERS } from "../../model/filters.js";

/** @typedef {import("../../platform/session.js").Session} Session */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */

const SHORTEST_PAUSE_MS = 1000;
// A large trace takes long to read: most of the time is left to the reader.
const PAUSE_PER_READING = 4;
// Without a live stream, a trace is asked for less and less often until nothing is expected any more.
const FIRST_POLL_MS = 2000;
const POLL_GROWTH = 1.5;
const LAST_POLL_MS = 60_000;
// Spans come seconds after their end; a trace that ended longer ago is taken for complete.
const RECENT_MS = 2 * 60_000;

/**
 * Reads the trace again when it has grown, until the signal ends it.
 * @param {object} options
 * @param {Session} options.session
 * @param {Trace} options.trace as it was read first
 * @param {() => Promise<Trace>} options.read
 * @param {(error: unknown) => boolean} options.isGone whether a failed reading was the last one
 * @param {AbortSignal} options.signal
 */
export function followGrowth({ session, trace, read, isGone, signal }) {
  if (signal.aborted) return;
  const reader = createReader({ trace, read, isGone, signal });
  const isRecent = Date.now() - endUnixMs(trace) < RECENT_MS;
  let isLive = false;
  const stop = watch(session, filtersOf(trace), {
    onTrace: (/** @type {TraceSummary} */ summary) => {
      if (summary.traceId === trace.traceId && summary.spanCount !== reader.spanCount()) reader.want();
    },
    onState: (/** @type {string} */ state) => {
      isLive = state === "live";
      // What came between the first reading and this moment was told to nobody.
      if (isLive && isRecent) reader.want();
    },
    onMissed: () => reader.want(),
    onReconnected: () => reader.want(),
  });
  const stopPolling = isRecent ? poll(() => isLive || reader.want()) : () => {};
  signal.addEventListener("abort", () => {
    stop();
    stopPolling();
    reader.stop();
  });
}

/**
 * One reading at a time, with a pause behind each; wishes that come meanwhile are one.
 * @param {object} options
 * @param {Trace} options.trace
 * @param {() => Promise<Trace>} options.read
 * @param {(error: unknown) => boolean} options.isGone
 * @param {AbortSignal} options.signal
 */
function createReader({ trace, read, isGone, signal }) {
  let last = trace;
  let isWanted = false;
  let isOver = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause = setTimeout(next, SHORTEST_PAUSE_MS);
  let isReading = false;

  async function readOnce() {
    isReading = true;
    isWanted = false;
    const started = performance.now();
    try {
      last = await read();
    } catch (error) {
      // Whatever else failed passes; the next wish tries again.
      isOver = isGone(error);
    }
    isReading = false;
    const took = performance.now() - started;
    if (!signal.aborted) pause = setTimeout(next, Math.max(SHORTEST_PAUSE_MS, took * PAUSE_PER_READING));
  }

  function next() {
    pause = undefined;
    if (isWanted && !isOver && !signal.aborted) void readOnce();
  }

  return {
    spanCount: () => last.spans.length,
    want() {
      // Of a trace that is too large, the same part would be read again.
      isWanted = last.isWhole;
      if (pause === undefined && !isReading) next();
    },
    stop: () => clearTimeout(pause),
  };
}

/**
 * @param {() => void} ask
 * @returns {() => void} ends it
 */
function poll(ask) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const later = (/** @type {number} */ delayMs) => {
    timer = setTimeout(() => {
      if (document.visibilityState === "visible") ask();
      if (delayMs < LAST_POLL_MS) later(delayMs * POLL_GROWTH);
    }, delayMs);
  };
  later(FIRST_POLL_MS);
  return () => clearTimeout(timer);
}

/** @param {Trace} trace */
function endUnixMs(trace) {
  return Number(trace.startUnixNano / 1_000_000n) + trace.durationNano / 1e6;
}

/**
 * A subscription is to what the list would have: a service of the trace is enough to hear of all its spans.
 * @param {Trace} trace
 */
function filtersOf(trace) {
  const service = trace.services.find((name) => name !== "") ?? "";
  return { ...EMPTY_FILTERS, service };
}
