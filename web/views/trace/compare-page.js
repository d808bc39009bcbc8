/** Two traces side by side: the spans of both that do the same, and which of them took longer. */

import { html, useMemo, useState } from "../../html.js";
import { compareTraces } from "../../model/compare.js";
import { formatCount, formatDuration, formatTime } from "../../model/formats.js";
import { EMPTY_FILTERS } from "../../model/filters.js";
import { formatRoute } from "../../platform/route.js";
import { usePreference } from "../../platform/preferences.js";
import { useKeys } from "../keys.js";
import { Trouble } from "../trouble.js";
import { CompareRows } from "./compare-rows.js";
import { rootRow } from "./header.js";
import { shortened, Text } from "./text.js";
import { useTrace } from "./use-trace.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/compare.js").ComparedRow} ComparedRow */

export const KEYS = [
  { keys: "x", does: "Change sides" },
  { keys: "d", does: "Only what differs" },
];

// Below it, two durations are taken for the same: clocks and caches make as much of a difference.
const SAME_FACTOR = 1.2;
const SAME_NANO = 1_000_000;

/** @param {{app: App, route: import("../../platform/route.js").CompareRoute}} props */
export function ComparePage({ app, route }) {
  const [first, second] = route.traceIds;
  const a = useTrace(app, first);
  const b = useTrace(app, second);
  const swap = () => app.navigate({ page: "compare", traceIds: [second, first] }, { replace: true });
  useKeys({ x: swap });
  for (const [reading, traceId] of /** @type {const} */ ([
    [a, first],
    [b, second],
  ])) {
    if (reading.state === "failed") {
      return html`<${Trouble} title="A trace could not be read" error=${reading.problem} onRetry=${reading.readAgain} />`;
    }
    if (reading.state === "missing") return html`<${Missing} traceId=${traceId} />`;
  }
  if (a.trace === null || b.trace === null)
    return html`<p class="compare-wait muted" role="status">Reading both traces…</p>`;
  return html`<${Comparison} a=${a.trace} b=${b.trace} onSwap=${swap} />`;
}

/** @param {{traceId: string}} props */
function Missing({ traceId }) {
  return html`<section class="trouble" role="alert">
    <h1>The collector does not have one of the traces</h1>
    <p><code class="t">${shortened(traceId, 64)}</code> is not there, or not any more.</p>
    <a class="button" href=${formatRoute({ page: "traces", filters: EMPTY_FILTERS })}>All traces</a>
  </section>`;
}

/** @param {{a: Trace, b: Trace, onSwap: () => void}} props */
function Comparison({ a, b, onSwap }) {
  const [isOnlyDifferent, setOnlyDifferent] = useState(false);
  const rows = useMemo(() => compareTraces(a, b), [a, b]);
  const different = useMemo(() => rows.filter(isDifferent), [rows]);
  useKeys({ d: () => setOnlyDifferent(!isOnlyDifferent) });
  const shown = isOnlyDifferent ? different : rows;
  return html`<div class="compare">
    <div class="compare-head">
      <h1>Comparison</h1>
      <button type="button" class="button button-quiet" onClick=${onSwap} title="Change sides (x)">Change sides</button>
      <label class="check" title="d">
        <input type="checkbox" checked=${isOnlyDifferent} onChange=${() => setOnlyDifferent(!isOnlyDifferent)} />
        Only what differs
      </label>
      <span class="muted" role="status">${countText(rows, different)}</span>
    </div>
    <div class="compare-sides">
      <${Side} trace=${a} letter="A" />
      <${Side} trace=${b} letter="B" other=${a} />
    </div>
    <${CompareRows} a=${a} b=${b} rows=${shown} />
  </div>`;
}

/** @param {{trace: Trace, letter: string, other?: Trace}} props */
function Side({ trace, letter, other }) {
  const [zone] = usePreference("zone");
  const span = trace.spans[rootRow(trace)];
  const start = formatTime(trace.startUnixNano, zone, { withDate: true, precision: 3 });
  const errors = trace.errorCount === 1 ? "1 error" : `${formatCount(trace.errorCount)} errors`;
  return html`<div class="compare-side">
    <span class="compare-letter">${letter}</span>
    <div>
      <a href=${formatRoute({ page: "trace", traceId: trace.traceId, span: "", view: "timeline", find: "" })}>
        <${Text} text=${`${span?.service || "no service"} ${span?.name || "no name"}`} />
      </a>
      <div class="muted">
        ${formatDuration(trace.durationNano)}${other && ` (${differenceText(trace.durationNano - other.durationNano)})`}
        ${" · "}${formatCount(trace.spans.length)} spans
        ${trace.errorCount > 0 && html`${" · "}<span class="map-errors">${errors}</span>`}
        ${" · "}${start}
      </div>
    </div>
  </div>`;
}

/**
 * Whether the two sides of a row are worth a look.
 * @param {ComparedRow} row
 */
export function isDifferent({ a, b, aNano, bNano }) {
  if (a < 0 || b < 0) return true;
  const [shorter, longer] = aNano < bNano ? [aNano, bNano] : [bNano, aNano];
  return longer - shorter > SAME_NANO && longer > shorter * SAME_FACTOR;
}

/**
 * "+12 ms", with the sign of the second side.
 * @param {number} nano
 */
export function differenceText(nano) {
  if (nano === 0) return "±0";
  return `${nano > 0 ? "+" : "−"}${formatDuration(Math.abs(nano))}`;
}

/** @type {(rows: ComparedRow[], different: ComparedRow[]) => string} */
function countText(rows, different) {
  const onlyA = rows.filter(({ b }) => b < 0).length;
  const onlyB = rows.filter(({ a }) => a < 0).length;
  const slower = different.filter(
    ({ a, b, differenceNano }) => a >= 0 && b >= 0 && differenceNano > 0,
  ).length;
  const faster = different.length - onlyA - onlyB - slower;
  return `${slower} slower in B, ${faster} faster, ${onlyA} only in A, ${onlyB} only in B`;
}
