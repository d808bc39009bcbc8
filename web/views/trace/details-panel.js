/** Where the details are: beside the view, or below it where the page is narrow. */

import { html, useEffect, useState } from "../../html.js";
import { Details } from "./details.js";
import { Splitter, useKeptSize } from "./splitter.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */
/** @typedef {import("./use-selection.js").Selection} Selection */

// As in style.css.
const NARROW = "(max-width: 860px)";
const WIDTH_PX = 400;
const HEIGHT_PX = 320;
const SMALLEST_PX = 160;

/**
 * @param {object} props
 * @param {App} props.app
 * @param {Trace} props.trace
 * @param {number} props.row
 * @param {number} props.selfNano
 * @param {Selection} props.selection
 */
export function DetailsPanel({ app, trace, row, selfNano, selection }) {
  const isNarrow = useMedia(NARROW);
  const [width, keepWidth] = useKeptSize("trace-details", WIDTH_PX);
  const [height, keepHeight] = useKeptSize("trace-details-below", HEIGHT_PX);
  const size = isNarrow ? { height: `${height}px` } : { width: `${width}px` };
  return html`<div class="details-panel" style=${size}>
    <${Splitter}
      label=${isNarrow ? "Height of the details" : "Width of the details"}
      className="details-splitter"
      orientation=${isNarrow ? "horizontal" : "vertical"}
      value=${isNarrow ? height : width}
      min=${SMALLEST_PX}
      max=${isNarrow ? window.innerHeight - SMALLEST_PX : window.innerWidth - 2 * SMALLEST_PX}
      direction=${-1}
      onChange=${isNarrow ? keepHeight : keepWidth}
    />
    <${Details}
      app=${app}
      trace=${trace}
      row=${row}
      selfNano=${selfNano}
      onSelect=${(/** @type {string} */ spanId) => selection.select(spanId)}
      onClose=${selection.close}
    />
  </div>`;
}

/** @param {string} query */
function useMedia(query) {
  const [matches, setMatches] = useState(window.matchMedia(query).matches);
  useEffect(() => {
    const list = window.matchMedia(query);
    const follow = () => setMatches(list.matches);
    list.addEventListener("change", follow);
    return () => list.removeEventListener("change", follow);
  }, [query]);
  return matches;
}
