/** Asks the API for traces from a time on, however often it is told to: at most every two seconds. */
import { compareStarts, MAX_LIVE_ROWS, PAGE_LIMIT } from "./feed.js";
import { startingAt } from "./live-filters.js";

/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */

/** Between the end of one question and the next one. */
const PAUSE_MS = 2_000;
const MAX_PAGES = MAX_LIVE_ROWS / PAGE_LIMIT;

/**
 * @param {Pick<import("./trace-list.js").Sources, "api" | "nowMs">} sources
 * @param {Filters} filters
 * @param {AbortSignal} signal ends it
 * @param {(traces: TraceSummary[], hasMore: boolean) => void} onFound `hasMore`: there are more than can be shown
 * @returns {{ask: (start: string) => void}} the start in Unix nanoseconds, or "" for all times
 */
export function createFilling(sources, filters, signal, onFound) {
  /** @type {string | null} null: nothing is asked for */
  let asked = null;
  let isBusy = false;

  /** @type {(start: string) => void} */
  function ask(start) {
    asked = asked === null || compareStarts(start, asked) < 0 ? start : asked;
    if (!isBusy) void run();
  }

  async function run() {
    isBusy = true;
    while (asked !== null && !signal.aborted) {
      const start = asked;
      asked = null;
      try {
        await fill(start);
      } catch {
        // The state of the connection shows what is wrong; the question stays.
        ask(start);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    isBusy = false;
  }

  /** @type {(start: string) => Promise<void>} */
  async function fill(start) {
    const search = startingAt(filters, start, sources.nowMs());
    /** @type {TraceSummary[]} */
    const found = [];
    /** @type {string | null} */
    let cursor = null;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await sources.api.listTraces(search, { limit: PAGE_LIMIT, cursor }, { signal });
      found.push(...answer.traces);
      cursor = answer.next;
      if (cursor === null) break;
    }
    onFound(found, cursor !== null && found.length > 0);
  }

  return { ask };
}
