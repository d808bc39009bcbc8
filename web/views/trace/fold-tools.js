/** The buttons above the tree: fold all, one level less, one level more, unfold all. */

import { html } from "../../html.js";
import { Glyph } from "./glyphs.js";

/** @typedef {import("./use-folding.js").Folding} Folding */

/**
 * @param {{folding: Folding, deepest: number}} props
 */
export function FoldTools({ folding, deepest }) {
  const { levels, foldToDepth, unfoldAll, folded } = folding;
  if (deepest === 0) return null;
  const all = deepest + 1;
  const shown = levels ?? all;
  const show = (/** @type {number} */ count) => (count >= all ? unfoldAll() : foldToDepth(count - 1));
  return html`<span class="timeline-fold-tools" role="group" aria-label="Folding">
    <button type="button" class="button button-quiet" title="Fold all ({)" onClick=${() => show(1)}>
      fold
    </button>
    <button
      type="button"
      class="button button-quiet button-icon"
      title="One level less"
      aria-label="One level less"
      disabled=${shown <= 1}
      onClick=${() => show(shown - 1)}
    >
      <${Glyph} name="zoomOut" />
    </button>
    <span class="timeline-levels" title="Levels that are shown">${levels ?? "all"}</span>
    <button
      type="button"
      class="button button-quiet button-icon"
      title="One level more"
      aria-label="One level more"
      disabled=${shown >= all}
      onClick=${() => show(shown + 1)}
    >
      <${Glyph} name="zoomIn" />
    </button>
    <button
      type="button"
      class="button button-quiet"
      title="Unfold all (})"
      disabled=${folded.size === 0}
      onClick=${unfoldAll}
    >
      unfold
    </button>
  </span>`;
}
