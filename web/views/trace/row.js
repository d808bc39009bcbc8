/** One row of the timeline: the span in the tree, and its bar. */

import { html, useMemo } from "../../html.js";
import { serviceColour } from "../../model/colours.js";
import { formatCount, formatDuration } from "../../model/formats.js";
import { endOf, eventTicks, isUnfinished, labelPlace, pathOf, selfStretches } from "./bar-geometry.js";
import { markTexts } from "./marks.js";
import { shortened, Text } from "./text.js";
import { isFoldable } from "./use-folding.js";

/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("../../model/scale.js").TimeScale} TimeScale */
/** @typedef {import("./bar-geometry.js").Stretch} Stretch */

/**
 * What all rows have in common.
 * @typedef {object} RowContext
 * @property {Trace} trace
 * @property {TimeScale} scale what is in sight
 * @property {number} barsPx the width of the bars' column
 * @property {number} indentPx of each level
 * @property {number} largestIndentPx of all levels together
 * @property {Set<string>} folded
 * @property {Uint8Array | null} matches
 * @property {string} selectedId
 * @property {string | null} highlightedService null for none, since "" is a service
 * @property {(row: number) => Stretch[]} criticalOf the parts of the critical path on a row, if it is shown
 * @property {(row: number) => void} onSelect
 * @property {(row: number, isFolded: boolean) => void} onFold
 */

const BAR_HEIGHT_PX = 12;
const BAR_TOP_PX = 6;
const CRITICAL_HEIGHT_PX = 2;
const CRITICAL_TOP_PX = 20;
// A pixel shows what is most of it; the critical path is a line that must not be broken.
const SELF_PART = 0.5;
// Lines closer than that are a grey area.
const GUIDED_PX = 9;
// A bar that is wider than what is in sight needs no more than this beyond the edge.
const BEYOND = 0.02;

/** @typedef {{context: RowContext, row: number, index: number, isActive: boolean, top: number}} RowProps */

/** @param {RowProps} props */
export function Row(props) {
  const { context, row, index, isActive, top } = props;
  // Preact passes over what is the same object as before: scrolling draws only the rows that come into sight.
  return useMemo(() => drawRow(props), [context, row, index, isActive, top]);
}

/** @param {RowProps} props */
function drawRow({ context, row, index, isActive, top }) {
  const { trace, folded, matches, selectedId, onSelect } = context;
  const span = trace.spans[row];
  const isSelected = span.spanId === selectedId;
  const classes = ["timeline-row"];
  if (isSelected) classes.push("is-selected");
  if (matches?.[row]) classes.push("is-match");
  if (span.status === "ERROR") classes.push("is-failing");
  return html`<div
    role="row"
    id=${rowId(row)}
    class=${classes.join(" ")}
    style=${{ transform: `translateY(${top}px)`, "--service": colourOf(trace, span.service) }}
    tabindex=${isActive ? 0 : -1}
    aria-rowindex=${index + 2}
    aria-level=${trace.depths[row] + 1}
    aria-selected=${isSelected}
    aria-expanded=${isFoldable(trace, row) ? !folded.has(span.spanId) : undefined}
    onClick=${() => onSelect(row)}
  >
    <${TreeCell} context=${context} row=${row} />
    <${BarCell} context=${context} row=${row} />
  </div>`;
}

/** @param {number} row */
export function rowId(row) {
  return `timeline-row-${row}`;
}

/**
 * @param {Trace} trace
 * @param {string} service
 */
export function colourOf(trace, service) {
  return `var(--service-${serviceColour(service, trace.services)})`;
}

/** @param {{context: RowContext, row: number}} props */
function TreeCell({ context, row }) {
  const { trace, folded, indentPx, largestIndentPx, onFold } = context;
  const span = trace.spans[row];
  const isFolded = folded.has(span.spanId);
  const hiddenCount = trace.subtreeEnds[row] - row - 1;
  const indent = Math.min(trace.depths[row] * indentPx, largestIndentPx);
  const isDeep = trace.depths[row] * indentPx > largestIndentPx;
  return html`<div role="gridcell" class="timeline-tree">
    <span
      class=${indentPx < GUIDED_PX ? "timeline-indent" : "timeline-indent is-guided"}
      style=${{ width: `${indent}px`, "--indent": `${indentPx}px` }}
    ></span>
    ${isDeep && html`<span class="timeline-depth" title="depth">${trace.depths[row] + 1}</span>`}
    ${
      isFoldable(trace, row)
        ? html`<button
            type="button"
            class="timeline-fold"
            tabindex="-1"
            aria-label=${isFolded ? "Unfold" : "Fold"}
            onClick=${(/** @type {Event} */ event) => {
              event.stopPropagation();
              onFold(row, !isFolded);
            }}
          >
            <span class=${isFolded ? "timeline-arrow" : "timeline-arrow is-open"}></span>
          </button>`
        : html`<span class="timeline-leaf"></span>`
    }
    <span class="timeline-swatch"></span>
    ${
      span.status === "ERROR" &&
      html`<span class="timeline-error" role="img" aria-label="error" title="error">!</span>`
    }
    <span class="timeline-service"><${Text} text=${span.service || "no service"} limit=${60} /></span>
    <span class="timeline-name"><${Text} text=${span.name || "no name"} limit=${200} /></span>
    ${markTexts(trace.marks[row]).map(
      ({ icon, word, explanation }) =>
        html`<span class="timeline-mark" role="img" aria-label=${word} title=${`${word}: ${explanation}`}
          >${icon}</span
        >`,
    )}
    ${isFolded && html`<span class="timeline-hidden">+${formatCount(hiddenCount)}</span>`}
  </div>`;
}

/** @param {{context: RowContext, row: number}} props */
function BarCell({ context, row }) {
  const { trace, scale, barsPx, highlightedService, criticalOf } = context;
  const span = trace.spans[row];
  const isOpen = isUnfinished(span);
  const left = scale.toFraction(span.startNano);
  const right = scale.toFraction(endOf(trace, span));
  const duration = isOpen ? "unfinished" : formatDuration(span.durationNano);
  const classes = ["timeline-bars"];
  if (highlightedService !== null && span.service !== highlightedService) classes.push("is-dimmed");
  const isInSight = right >= 0 && left <= 1;
  const from = Math.max(left, -BEYOND);
  return html`<div role="gridcell" class=${classes.join(" ")} title=${tooltip(context, row, duration)}>
    ${right < 0 && html`<span class="timeline-away">‹</span>`}
    ${left > 1 && html`<span class="timeline-away is-right">›</span>`}
    ${
      isInSight &&
      html`<span
        class=${isOpen ? "timeline-bar is-unfinished" : "timeline-bar"}
        style=${{ left: percent(from), width: percent(Math.min(right, 1 + BEYOND) - from) }}
      ></span>`
    }
    ${
      isInSight &&
      html`<svg
        class="timeline-parts"
        viewBox=${`0 0 ${barsPx} 24`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path class="timeline-self" d=${pathOf(selfStretches(trace, row), scale, partBox(barsPx))} />
        <path class="timeline-critical" d=${pathOf(criticalOf(row), scale, criticalBox(barsPx))} />
      </svg>`
    }
    ${isInSight && eventTicks(span, scale, barsPx).map((tick) => html`<${Tick} tick=${tick} />`)}
    <${DurationLabel} left=${left} right=${right} barsPx=${barsPx} text=${duration} />
  </div>`;
}

/** @param {{left: number, right: number, barsPx: number, text: string}} props */
function DurationLabel({ left, right, barsPx, text }) {
  const isInSight = right >= 0 && left <= 1;
  if (!isInSight) return html`<span class="visually-hidden">${text}</span>`;
  const bar = { left: Math.max(left, 0), right: Math.min(right, 1) };
  const place = labelPlace(bar, barsPx, text);
  const style =
    place === "left"
      ? { right: percent(1 - bar.left) }
      : { left: percent(place === "right" ? bar.right : bar.left) };
  return html`<span class=${`timeline-duration is-${place}`} style=${style}>${text}</span>`;
}

/** @param {{tick: import("./bar-geometry.js").EventTick}} props */
function Tick({ tick: { fraction, names, count } }) {
  const more = count - names.length;
  const title = names.map((name) => shortened(name, 80)).join("\n") + (more > 0 ? `\nand ${more} more` : "");
  return html`<span class="timeline-event" style=${{ left: percent(fraction) }} title=${title}></span>`;
}

/**
 * @param {RowContext} context
 * @param {number} row
 * @param {string} duration
 */
function tooltip({ trace }, row, duration) {
  const span = trace.spans[row];
  const name = shortened(`${span.service || "no service"}: ${span.name || "no name"}`, 200);
  return `${name}\n${duration}, starts at +${formatDuration(span.startNano)}`;
}

/** @param {number} widthPx */
function partBox(widthPx) {
  return { widthPx, topPx: BAR_TOP_PX, heightPx: BAR_HEIGHT_PX, leastPart: SELF_PART };
}

/** @param {number} widthPx */
function criticalBox(widthPx) {
  return { widthPx, topPx: CRITICAL_TOP_PX, heightPx: CRITICAL_HEIGHT_PX, leastPart: 0 };
}

/** @param {number} fraction */
function percent(fraction) {
  return `${(fraction * 100).toFixed(3)}%`;
}
