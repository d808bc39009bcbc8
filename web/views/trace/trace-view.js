/** A trace that is here: its header, the view of it that is chosen, and the details of the selected span. */

import { html, useEffect, useMemo, useRef, useState } from "../../html.js";
import { visibleRows } from "../../model/rows.js";
import { selfTimes } from "../../model/self-time.js";
import { endOf } from "./bar-geometry.js";
import { copy } from "./copying.js";
import { DetailsPanel } from "./details-panel.js";
import { ErrorList } from "./error-list.js";
import { failingRows, neighbour } from "./failing-spans.js";
import { Header } from "./header.js";
import { onRowKey, useTraceKeys } from "./keyboard.js";
import { LazyView } from "./lazy-view.js";
import { Legend } from "./legend.js";
import { Notices } from "./notices.js";
import { Timeline } from "./timeline.js";
import { Toolbar, VIEW_ID } from "./toolbar.js";
import { useFolding } from "./use-folding.js";
import { useRange } from "./use-range.js";
import { useSearch } from "./use-search.js";
import { useSelection } from "./use-selection.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../platform/route.js").TraceRoute} TraceRoute */
/** @typedef {import("../../platform/route.js").TraceView} TraceViewName */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("./use-trace.js").Reading} Reading */
/** @typedef {import("./use-folding.js").Folding} Folding */
/** @typedef {import("./use-range.js").Zoom} Zoom */
/** @typedef {import("./use-search.js").Search} Search */
/** @typedef {import("./use-selection.js").Selection} Selection */

/**
 * @param {{app: App, route: TraceRoute, reading: Reading, trace: Trace}} props
 */
export function TraceView({ app, route, reading, trace }) {
  const write = useRouteWriter(app, route);
  const zoom = useRange(trace);
  const folding = useFolding(trace);
  const search = useSearch(trace, route.find, (find) => write({ find }));
  const selection = useSelection(route.span, (span) => write({ span }));
  const [highlightedService, highlight] = useState(/** @type {string | null} */ (null));
  const [isCriticalShown, setCriticalShown] = useState(true);
  const rows = useMemo(
    () => visibleRows(trace, folding.folded, search.isMatchesOnly ? search.matches : null),
    [trace, folding.folded, search.isMatchesOnly, search.matches],
  );
  const selfNanos = useMemo(() => selfTimes(trace), [trace]);
  const selectedRow = trace.rowOf.get(selection.spanId) ?? -1;
  const isDetailed = selection.isOpen && selectedRow >= 0;
  useUncovering(trace, selection, { zoom, folding, search });

  const state = { trace, rows, zoom, folding, search, selection, selectedRow };
  const commands = {
    ...commandsOf(state),
    copyLink: () => {
      // The address may be a moment behind.
      write({ span: selection.spanId, find: search.text });
      return copy(app, window.location.href, "link");
    },
    toggleCritical: () => setCriticalShown(!isCriticalShown),
    showView: (/** @type {TraceViewName} */ view) => write({ view }),
  };
  useTraceKeys(commands);

  return html`<div class="trace">
    <${Header} ...${{ app, trace, reading }} onCopyLink=${commands.copyLink} />
    <${Notices} reading=${reading} trace=${trace} wantedSpanId=${route.span} />
    <${Legend} trace=${trace} highlighted=${highlightedService} onHighlight=${highlight} />
    <${ErrorList}
      trace=${trace}
      selectedId=${selection.spanId}
      onJump=${commands.jump}
      onStep=${commands.stepError}
    />
    <${Toolbar}
      view=${route.view}
      onView=${commands.showView}
      search=${search}
      selectedRow=${selectedRow}
      onMatch=${commands.stepMatch}
      zoom=${zoom}
      isCriticalShown=${isCriticalShown}
      onCritical=${setCriticalShown}
    />
    <div class=${isDetailed ? "trace-body has-details" : "trace-body"}>
      <div class="trace-view" id=${VIEW_ID} role="tabpanel">
        ${
          route.view === "timeline"
            ? html`<${Timeline}
                ...${state}
                highlightedService=${highlightedService}
                isCriticalShown=${isCriticalShown}
                onSelect=${commands.selectRow}
                onKeyDown=${onRowKey.bind(null, commands)}
              />`
            : html`<${LazyView}
                key=${route.view}
                view=${route.view}
                app=${app}
                trace=${trace}
                selected=${selection.spanId}
                onSelect=${commands.selectSpan}
              />`
        }
      </div>
      ${
        isDetailed &&
        html`<${DetailsPanel}
          app=${app}
          trace=${trace}
          row=${selectedRow}
          selfNano=${selfNanos[selectedRow]}
          selection=${selection}
        />`
      }
    </div>
  </div>`;
}

/**
 * What of the page is chosen, folded, found and in sight.
 * @typedef {object} State
 * @property {Trace} trace
 * @property {Int32Array} rows those that are shown
 * @property {Zoom} zoom
 * @property {Folding} folding
 * @property {Search} search
 * @property {Selection} selection
 * @property {number} selectedRow -1 for none
 */

/**
 * What keys and buttons do.
 * @param {State} state
 */
function commandsOf(state) {
  const { trace, search, selection, selectedRow } = state;
  const jump = (/** @type {number} */ row, takesFocus = true) =>
    row >= 0 && selection.select(trace.spans[row].spanId, { isOpen: true, takesFocus });
  return {
    ...state,
    jump,
    selectRow: (/** @type {number} */ row) =>
      selection.select(trace.spans[row].spanId, { isOpen: true, isInTime: false }),
    selectSpan: (/** @type {string} */ spanId) =>
      selection.select(spanId, { isOpen: true, takesFocus: false }),
    stepError: (/** @type {1 | -1} */ step) => jump(neighbour(failingRows(trace), selectedRow, step)),
    stepMatch: (/** @type {1 | -1} */ step, takesFocus = true) =>
      jump(neighbour(search.rows, selectedRow, step), takesFocus),
  };
}

/**
 * What changes parts of the route in place, so that Back leaves the trace.
 * @param {App} app
 * @param {TraceRoute} route
 * @returns {(part: Partial<TraceRoute>) => void}
 */
function useRouteWriter(app, route) {
  // Two parts may be written before the next render.
  const latest = useRef(route);
  latest.current = route;
  return useMemo(
    () => (part) => {
      latest.current = { ...latest.current, ...part };
      app.navigate(latest.current, { replace: true });
    },
    [app],
  );
}

/**
 * Takes away what hides a span that is to be seen: folds, the wish for matches only, and the zoom.
 * @param {Trace} trace
 * @param {Selection} selection
 * @param {{zoom: Zoom, folding: Folding, search: Search}} hiding
 */
function useUncovering(trace, { reveal }, { zoom, folding, search }) {
  const fulfilled = useRef(/** @type {object | null} */ (null));
  useEffect(() => {
    if (reveal === null || reveal === fulfilled.current) return;
    const row = trace.rowOf.get(reveal.spanId);
    // It may arrive later.
    if (row === undefined) return;
    fulfilled.current = reveal;
    folding.reveal(row);
    if (reveal.isInTime) zoom.reveal(trace.spans[row].startNano, endOf(trace, trace.spans[row]));
    if (search.isMatchesOnly && !hasMatch(search.rows, row, trace.subtreeEnds[row]))
      search.setMatchesOnly(false);
  }, [reveal, trace]);
}

/**
 * Whether one of the rows is from the first one to before the second one.
 * @param {Int32Array} rows
 * @param {number} from
 * @param {number} end
 */
function hasMatch(rows, from, end) {
  return rows.some((row) => row >= from && row < end);
}
