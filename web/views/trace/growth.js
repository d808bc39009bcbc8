/** When a trace that is shown is read again: told by the live stream, or asked now and then where there is none. */

import { watch } from "../../platform/live.js";
import { EMPTY_FILTERS } from "../../model/filters.js";

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
 * @param {any} options.session
 * @param {Trace} options.trace as it was read first
 * @param {() => Promise<Trace>} options.read
 * @param {(error: unknown) => boolean} options.isGone whether a failed reading says that there is nothing more to read
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
 * @param {{trace: Trace, read: () => Promise<Trace>, isGone: (error: unknown) => boolean, signal: AbortSignal}} options
 */
function createReader({ trace, read, isGone, signal }) {
  let spanCount = trace.spans.length;
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
      spanCount = (await read()).spans.length;
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
    spanCount: () => spanCount,
    want() {
      isWanted = true;
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
 * A subscription is to what the list would have, so a service of the trace is enough to be told of all its spans.
 * @param {Trace} trace
 */
function filtersOf(trace) {
  const service = trace.services.find((name) => name !== "") ?? "";
  return { ...EMPTY_FILTERS, service };
}
