/** The timeline: the minimap, and below it the rows with their bars. */

import { html, useMemo, useRef } from "../../html.js";
import { Cursor } from "./cursor.js";
import { FoldTools } from "./fold-tools.js";
import { Minimap } from "./minimap.js";
import { Rows } from "./rows.js";
import { GridLines } from "./ruler.js";
import { Splitter, useKeptSize } from "./splitter.js";
import { useCritical } from "./use-critical.js";
import { useSize } from "./use-size.js";
import { useWheel } from "./use-wheel.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("./use-folding.js").Folding} Folding */
/** @typedef {import("./use-range.js").Zoom} Zoom */
/** @typedef {import("./use-search.js").Search} Search */
/** @typedef {import("./use-selection.js").Selection} Selection */

const TREE_PX = 340;
const TREE_PART = 0.42;
const NARROWEST_PX = 110;
const LARGEST_INDENT_PX = 14;
const SMALLEST_INDENT_PX = 4;
// What the levels of the tree take of its column at most; deeper ones say how deep they are.
const INDENT_PART = 0.4;

/**
 * @param {object} props
 * @param {Trace} props.trace
 * @param {Int32Array} props.rows those that are shown
 * @param {Zoom} props.zoom
 * @param {Folding} props.folding
 * @param {Search} props.search
 * @param {Selection} props.selection
 * @param {string | null} props.highlightedService
 * @param {boolean} props.isCriticalShown
 * @param {(row: number) => void} props.onSelect
 * @param {(event: KeyboardEvent, row: number, pageRows: number) => void} props.onKeyDown
 */
export function Timeline({ trace, rows, zoom, folding, search, selection, onSelect, onKeyDown, ...shown }) {
  const area = useRef(/** @type {HTMLDivElement | null} */ (null));
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const { width, height } = useSize(scroller, { width: 1000, height: 600 });
  const [keptPx, keepPx] = useKeptSize("trace-tree", Math.min(TREE_PX, Math.round(width * TREE_PART)));
  const treePx = Math.max(NARROWEST_PX, Math.min(keptPx, width - NARROWEST_PX));
  const barsPx = Math.max(1, width - treePx);
  const criticalOf = useCritical(trace, folding.folded, shown.isCriticalShown);
  const deepest = useMemo(() => trace.depths.reduce((depth, own) => Math.max(depth, own), 0), [trace]);
  useWheel(area, zoom, ({ clientX }, { left }) => (clientX - left - treePx) / barsPx);

  const context = {
    trace,
    scale: zoom.scale,
    barsPx,
    indentPx: Math.max(
      SMALLEST_INDENT_PX,
      Math.min(LARGEST_INDENT_PX, (treePx * INDENT_PART) / Math.max(1, deepest)),
    ),
    largestIndentPx: treePx * INDENT_PART,
    folded: folding.folded,
    matches: search.matches,
    selectedId: selection.spanId,
    highlightedService: shown.highlightedService,
    criticalOf,
    onSelect,
    onFold: folding.fold,
  };
  return html`<div class="timeline" style=${{ "--tree-width": `${treePx}px` }}>
    <${Minimap} trace=${trace} zoom=${zoom} />
    <div class="timeline-main" ref=${area}>
      <${GridLines} scale=${zoom.scale} widthPx=${barsPx} />
      <${Rows}
        scroller=${scroller}
        height=${height}
        context=${context}
        rows=${rows}
        reveal=${selection.reveal}
        onKeyDown=${onKeyDown}
        tools=${html`<${FoldTools} folding=${folding} deepest=${deepest} />`}
      />
      <${Splitter}
        label="Width of the spans' column"
        className="timeline-splitter"
        orientation="vertical"
        value=${treePx}
        min=${NARROWEST_PX}
        max=${width - NARROWEST_PX}
        direction=${1}
        onChange=${keepPx}
      />
      <${Cursor} area=${area} scale=${zoom.scale} treePx=${treePx} barsPx=${barsPx} />
    </div>
  </div>`;
}
