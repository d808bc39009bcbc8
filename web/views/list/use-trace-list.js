/** The list of traces inside a component: opened for a search, held while rows must not move, stopped in the end. */
import { useEffect, useRef, useState } from "../../html.js";
import { parametersOf } from "../../model/filters.js";
import { watch } from "../../platform/live.js";
import { createStore, useStore } from "../../platform/store.js";
import { openTraceList, OPENING } from "./trace-list.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("./trace-list.js").ListState} ListState */
/** @typedef {import("./trace-list.js").TraceList} TraceList */

const NOT_YET = createStore(OPENING);
const FRAME_MS = 250;

/**
 * @param {App} app
 * @param {Filters} filters
 * @param {boolean} isHeld
 * @returns {{state: ListState, list: TraceList | null, reload: () => void}} while another search is read, the state
 *   has the rows of the former one and `phase` "loading"
 */
export function useTraceList(app, filters, isHeld) {
  const [list, setList] = useState(/** @type {TraceList | null} */ (null));
  const [generation, setGeneration] = useState(0);
  const former = useRef(OPENING);
  const search = parametersOf(filters).toString();

  useEffect(() => {
    const opened = openTraceList(
      {
        api: app.api,
        watch: (asked, listeners) => watch(app.session, asked, listeners),
        nextFrame: createFrames(),
        nowMs: Date.now,
      },
      filters,
    );
    setList(opened);
    return () => opened.stop();
  }, [app, search, generation]);
  useEffect(() => list?.hold(isHeld), [list, isHeld]);

  const state = useStore(list?.state ?? NOT_YET);
  if (state.phase === "ready") former.current = state;
  const shown =
    state.phase === "loading" ? { ...former.current, phase: state.phase, live: state.live } : state;
  return { state: shown, list, reload: () => setGeneration((number) => number + 1) };
}

/**
 * Frames, but not more of them than somebody can follow: each one means that hundreds of rows are looked through.
 * @returns {(task: () => void) => void}
 */
function createFrames() {
  let lastMs = -FRAME_MS;
  return (task) => {
    const waitMs = lastMs + FRAME_MS - performance.now();
    setTimeout(
      () => {
        lastMs = performance.now();
        requestAnimationFrame(task);
      },
      Math.max(0, waitMs),
    );
  };
}

/**
 * The time, every few seconds: for what says how long ago something was.
 * @param {number} everyMs
 * @returns {number}
 */
export function useNowMs(everyMs) {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
