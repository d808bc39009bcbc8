/** The traces of one search: read page by page, kept up to date live, and asked for again where live has no answer. */
import { createStore } from "../../platform/store.js";
import * as feeds from "./feed.js";
import { createFilling } from "./filling.js";
import { asksAgain, localTest } from "./live-filters.js";

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */
/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("../../platform/api.js").TracePage} TracePage */
/** @typedef {import("../../platform/live.js").LiveState} LiveState */
/** @typedef {import("./feed.js").Feed} Feed */
/** @typedef {import("./feed.js").Older} Older */

/** A trace may be stored so much later than one that started after it, and still be found after an interruption. */
const OVERLAP_NANO = 60_000_000_000n;

/**
 * What a list is made from; tests have others.
 * @typedef {object} Sources
 * @property {Pick<import("../../platform/api.js").Api, "listTraces">} api
 * @property {(filters: Filters, listeners: import("../../platform/live.js").Listeners) => () => void} watch
 * @property {(task: () => void) => void} nextFrame
 * @property {() => number} nowMs
 */

/**
 * @typedef {object} ListState
 * @property {"loading" | "ready" | "failed"} phase of the first page
 * @property {unknown} error why the last page could not be read; null if it could
 * @property {Feed} feed
 * @property {boolean} isLoadingOlder
 * @property {TracePage | null} lastPage the last one that was read
 * @property {LiveState} live
 */

/**
 * @typedef {object} TraceList
 * @property {import("../../platform/store.js").Store<ListState>} state
 * @property {() => Promise<void>} loadOlder
 * @property {(isHeld: boolean) => void} hold whether new traces wait instead of moving the rows
 * @property {() => void} showWaiting
 * @property {() => void} stop
 */

/**
 * What a list is before anything is read.
 * @type {ListState}
 */
export const OPENING = {
  phase: "loading",
  error: null,
  feed: feeds.EMPTY_FEED,
  isLoadingOlder: false,
  lastPage: null,
  live: "connecting",
};

/**
 * Open the list of a search; it goes on until it is stopped.
 * @param {Sources} sources
 * @param {Filters} filters
 * @returns {TraceList}
 */
export function openTraceList(sources, filters) {
  const state = createStore(OPENING);
  const aborter = new AbortController();
  const { signal } = aborter;
  const passes = localTest(filters, sources.nowMs());
  let isAskedToHold = false;

  /** @type {(change: Partial<ListState>) => void} */
  const update = (change) => state.set({ ...state.get(), ...change });
  // Without rows there is nothing that could be moved.
  const isHeld = () => isAskedToHold && state.get().feed.rows.length > 0;
  const filling = createFilling(sources, filters, signal, (traces, hasMore) => {
    const { feed } = state.get();
    update({
      feed: hasMore ? feeds.withJump(feed, traces, isHeld()) : feeds.withTraces(feed, traces, isHeld()),
    });
  });
  const batches = createBatches(sources.nextFrame, take);

  async function loadFirst() {
    try {
      const page = await sources.api.listTraces(filters, { limit: feeds.PAGE_LIMIT }, { signal });
      update({
        phase: "ready",
        lastPage: page,
        feed: feeds.withPage(state.get().feed, page.traces, olderOf(page)),
      });
      // Between this page and the start of the watching something may have come.
      if (state.get().live === "live") fillGap();
    } catch (error) {
      if (!signal.aborted) update({ phase: "failed", error });
    }
  }

  async function loadOlder() {
    const { older } = state.get().feed;
    if (!older || state.get().isLoadingOlder) return;
    update({ isLoadingOlder: true, error: null });
    const asked = "end" in older ? { ...filters, end: older.end } : filters;
    const cursor = "cursor" in older ? older.cursor : null;
    try {
      const page = await sources.api.listTraces(asked, { limit: feeds.PAGE_LIMIT, cursor }, { signal });
      update({ isLoadingOlder: false });
      // Rows that were pushed out meanwhile would be missing in between.
      if (state.get().feed.older !== older) return;
      update({ lastPage: page, feed: feeds.withPage(state.get().feed, page.traces, olderOf(page)) });
    } catch (error) {
      if (!signal.aborted) update({ isLoadingOlder: false, error });
    }
  }

  /** @type {(traces: TraceSummary[]) => void} */
  function take(traces) {
    const { feed, phase } = state.get();
    // The first page will have them, or what is asked for after it.
    if (signal.aborted || phase !== "ready") return;
    const known = new Set([...feed.rows, ...feed.waiting].map((row) => row.traceId));
    const grown = traces.filter((trace) => known.has(trace.traceId));
    const fresh = traces.filter((trace) => !known.has(trace.traceId) && passes(trace));
    if (asksAgain(filters)) {
      if (fresh.length) filling.ask(earliestStart(fresh));
      fresh.length = 0;
    }
    const next = feeds.withTraces(feed, [...grown, ...fresh], isHeld());
    // One that has grown out of the search leaves, but not under the pointer.
    update({ feed: isHeld() ? next : feeds.onlyWith(next, passes) });
  }

  function fillGap() {
    if (state.get().phase === "ready") filling.ask(floorOf(state.get().feed));
  }

  let hasBeenLive = false;
  const stopWatching = sources.watch(filters, {
    onTrace: batches.add,
    onState(live) {
      update({ live });
      if (live === "live" && !hasBeenLive) fillGap();
      hasBeenLive ||= live === "live";
    },
    onMissed: fillGap,
    onReconnected: fillGap,
  });
  void loadFirst();

  const showWaiting = () => update({ feed: feeds.withWaiting(state.get().feed) });
  return {
    state,
    loadOlder,
    hold(next) {
      isAskedToHold = next;
      if (!next) showWaiting();
    },
    showWaiting,
    stop() {
      aborter.abort();
      stopWatching();
    },
  };
}

/**
 * Gathers live traces, the last state of each, and hands them on at most once a frame.
 * @param {(task: () => void) => void} nextFrame
 * @param {(traces: TraceSummary[]) => void} take
 */
function createBatches(nextFrame, take) {
  /** @type {Map<string, TraceSummary>} */
  const arrived = new Map();
  let isFrameDue = false;

  function flush() {
    const traces = [...arrived.values()];
    arrived.clear();
    if (traces.length) take(traces);
  }

  return {
    /** @type {(trace: TraceSummary) => void} */
    add(trace) {
      arrived.set(trace.traceId, trace);
      // A page in the background has no frames.
      if (arrived.size >= feeds.MAX_LIVE_ROWS) flush();
      if (isFrameDue) return;
      isFrameDue = true;
      nextFrame(() => {
        isFrameDue = false;
        flush();
      });
    },
  };
}

/** @type {(page: TracePage) => Older | null} */
function olderOf(page) {
  return page.next === null ? null : { cursor: page.next };
}

/** @type {(traces: TraceSummary[]) => string} */
function earliestStart(traces) {
  return traces
    .map((trace) => trace.startTimeUnixNano)
    .reduce((a, b) => (feeds.compareStarts(a, b) < 0 ? a : b));
}

/**
 * From where on something may be missing: a while before the newest trace that is known; "" when there is none.
 * @type {(feed: Feed) => string}
 */
function floorOf(feed) {
  const [newest] = [...feed.waiting, ...feed.rows].sort(feeds.byNewest);
  if (!newest) return "";
  const floor = BigInt(newest.startTimeUnixNano) - OVERLAP_NANO;
  return String(floor < 0n ? 0n : floor);
}
