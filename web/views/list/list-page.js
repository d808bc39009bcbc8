/** The list of traces: the search, the plots, the table, and what is shown while there is nothing to list. */
import { html, useCallback, useEffect, useMemo, useState } from "../../html.js";
import { parametersOf } from "../../model/filters.js";
import { useKeys } from "../keys.js";
import { Trouble } from "../trouble.js";
import { FirstTrace } from "./first-trace.js";
import { ListEnd } from "./list-end.js";
import { NoMatch } from "./no-match.js";
import { Plots } from "./plots.js";
import { SearchForm } from "./search-form.js";
import { StatusBar, waitingText } from "./status-bar.js";
import { focusedRow, moveFocus, TraceTable } from "./trace-table.js";
import { useHold } from "./use-hold.js";
import { useTraceList } from "./use-trace-list.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Filters} Filters */
/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */
/** @typedef {import("./trace-table.js").Order} Order */

/** @type {import("../keys.js").KeyHelp[]} */
export const KEYS = [
  { keys: "j / k", does: "Next and previous trace" },
  { keys: "Enter or o", does: "Open the trace" },
  { keys: "x", does: "Select it for a comparison; c compares two" },
  { keys: "/", does: "Search: an attribute, or a trace id" },
  { keys: "n", does: "Show the new traces" },
  { keys: "p", does: "Pause and resume" },
  { keys: "r", does: "Read the list again" },
];

/** Without live messages an empty list asks so often. */
const ASK_MS = 5_000;

/** What one comes back to after looking at a trace: which one it was, and the order of the rows. */
const kept = { opened: "", order: /** @type {Order} */ ("time") };

/** @param {{app: App, route: import("../../platform/route.js").ListRoute}} properties */
export function ListPage({ app, route }) {
  const { filters } = route;
  const [isPaused, setPaused] = useState(false);
  const [order, setOrder] = useState(kept.order);
  const [selected, setSelected] = useState(/** @type {string[]} */ ([]));
  const hold = useHold();
  const { state, list, reload } = useTraceList(app, filters, isPaused || hold.isHeld);
  const { feed } = state;
  useEffect(hold.check, [feed.rows]);
  const rows = useMemo(
    () => (order === "time" ? feed.rows : [...feed.rows].sort(byLongest)),
    [feed.rows, order],
  );
  const names = useMemo(() => [...new Set(feed.rows.map((row) => row.rootName))].sort(), [feed.rows]);

  /** @type {(next: Filters) => void} */
  function search(next) {
    if (parametersOf(next).toString() === parametersOf(filters).toString()) reload();
    else app.navigate({ page: "traces", filters: next });
  }
  /** @type {(change: Partial<Filters>) => void} */
  const brush = (change) => search({ ...filters, ...change });
  const open = useCallback(
    (/** @type {string} */ traceId) => {
      kept.opened = traceId;
      app.navigate({ page: "trace", traceId, span: "", view: "timeline", find: "" });
    },
    [app],
  );
  const remember = useCallback((/** @type {string} */ traceId) => {
    kept.opened = traceId;
  }, []);
  const select = useCallback((/** @type {string} */ traceId) => {
    // A third one takes the place of the first.
    setSelected((ids) =>
      ids.includes(traceId) ? ids.filter((id) => id !== traceId) : [...ids, traceId].slice(-2),
    );
  }, []);
  /** @type {(next: Order) => void} */
  function chooseOrder(next) {
    kept.order = next;
    setOrder(next);
  }
  function showWaiting() {
    list?.showWaiting();
    hold.top.current?.scrollIntoView({ block: "nearest" });
  }

  useKeys({
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    o: () => focusedRow()?.querySelector("a")?.click(),
    x: () => select(focusedRow()?.dataset.trace ?? ""),
    c: () => {
      const [a, b] = selected;
      if (a && b) app.navigate({ page: "compare", traceIds: [a, b] });
    },
    "/": () => document.getElementById("list-condition")?.focus(),
    n: showWaiting,
    p: () => setPaused(!isPaused),
    r: reload,
  });
  useAnnouncements(app, state);
  usePolling(state.phase === "ready" && state.live === "off" && !feed.rows.length, reload);

  return html`
    <div class="list-page" aria-busy=${state.phase === "loading" ? "true" : "false"}>
      <h1 class="visually-hidden">Traces</h1>
      <${SearchForm} app=${app} filters=${filters} names=${names} error=${state.error} onSearch=${search} />
      ${rows.length > 0 && html`<${Plots} traces=${feed.rows} onOpen=${open} onBrush=${brush} />`}
      <div class="list-top" ref=${hold.top}></div>
      ${
        rows.length > 0
          ? html`
            <div class="list-results" ...${hold.pointer}>
              <${StatusBar} state=${state} isPaused=${isPaused} selected=${selected}
                onPause=${() => setPaused(!isPaused)} onShowWaiting=${showWaiting} onReload=${reload}
                onClearSelection=${() => setSelected([])} />
              <${TraceTable} rows=${rows} order=${order} selected=${selected} last=${kept.opened} onOrder=${chooseOrder}
                onSelect=${select} onOpen=${remember} onFocus=${hold.setFocused} />
              <${ListEnd} state=${state} isAsked=${order !== "time"} onLoadOlder=${() => list?.loadOlder()} />
            </div>
          `
          : html`<${Nothing} app=${app} state=${state} filters=${filters} onSearch=${search} onReload=${reload}
            onLoadOlder=${() => list?.loadOlder()} />`
      }
    </div>
  `;
}

/**
 * What stands in the place of the table while it has no rows.
 * @param {object} properties
 * @param {App} properties.app
 * @param {import("./trace-list.js").ListState} properties.state
 * @param {Filters} properties.filters
 * @param {(filters: Filters) => void} properties.onSearch
 * @param {() => void} properties.onReload
 * @param {() => void} properties.onLoadOlder
 */
function Nothing({ app, state, filters, onSearch, onReload, onLoadOlder }) {
  const { phase, error, feed, live } = state;
  if (phase === "loading") return html`<p class="list-loading muted">Searching…</p>`;
  if (phase === "failed" && error instanceof Error && "code" in error && error.code === "invalid_parameter") {
    return html`<p class="list-loading muted">The collector does not understand this search: the form says what.</p>`;
  }
  if (phase === "failed") {
    return html`<${Trouble} title="The traces cannot be read" error=${error} onRetry=${onReload} />`;
  }
  if (feed.older) return html`<${ListEnd} state=${state} onLoadOlder=${onLoadOlder} />`;
  if (parametersOf(filters).size > 0) return html`<${NoMatch} filters=${filters} onSearch=${onSearch} />`;
  return html`<${FirstTrace} app=${app} isLive=${live === "live"} />`;
}

/** @type {(a: TraceSummary, b: TraceSummary) => number} */
function byLongest(a, b) {
  return b.durationNano - a.durationNano;
}

/** @type {(app: App, state: import("./trace-list.js").ListState) => void} */
function useAnnouncements(app, { phase, feed }) {
  const { length } = feed.rows;
  useEffect(() => {
    if (phase === "ready") app.announce(length === 1 ? "1 trace" : `${length} traces`);
  }, [phase]);
  const hasWaiting = feed.waiting.length > 0;
  useEffect(() => {
    if (hasWaiting) app.announce(waitingText(feed));
  }, [hasWaiting]);
}

/** @type {(isWanted: boolean, ask: () => void) => void} */
function usePolling(isWanted, ask) {
  useEffect(() => {
    if (!isWanted) return;
    const timer = setInterval(ask, ASK_MS);
    return () => clearInterval(timer);
  }, [isWanted]);
}
