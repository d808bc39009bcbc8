/** The icons of the trace page: lines of 16 by 16 in the text's colour. They say nothing by themselves. */

import { html } from "../../html.js";

const PATHS = {
  copy: "M6 6h7.5v7.5H6zM3.5 10H2.5V2.5H10v1",
  link:
    "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2A2.6 2.6 0 0 0 9 3.3l-.9.9" +
    "M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l.9-.9",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11",
  remove: "M3 4.5h10M6.5 4.5V2.5h3v2M4.5 4.5l.6 9h5.8l.6-9",
  compare: "M5.5 2.5v11M10.5 2.5v11M2.5 5.5h3M10.5 8h3M2.5 10.5h3",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2",
  filter: "M2.5 3.5h11L9.5 8.5v4l-3 1v-5z",
  previous: "M4 10l4-4 4 4",
  next: "M4 6l4 4 4-4",
  zoomIn: "M8 3.5v9M3.5 8h9",
  zoomOut: "M3.5 8h9",
};

/** @param {{name: keyof typeof PATHS}} props */
export function Glyph({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
