/** The views beside the timeline, which are read from the server when they are asked for first. */

import { html, useEffect, useState } from "../../html.js";
import { Trouble } from "../trouble.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../model/types.js").Trace} Trace */

/** @type {Record<"flame" | "services", () => Promise<import("preact").FunctionComponent<any>>>} */
const VIEWS = {
  flame: async () => (await import("./flame.js")).FlameView,
  services: async () => (await import("./service-graph-view.js")).ServiceGraphView,
};

/**
 * @param {object} props
 * @param {"flame" | "services"} props.view
 * @param {App} props.app
 * @param {Trace} props.trace
 * @param {string} props.selected a span id, or ""
 * @param {(spanId: string) => void} props.onSelect
 */
export function LazyView({ view, app, trace, selected, onSelect }) {
  const [View, setView] = useState(/** @type {import("preact").FunctionComponent<any> | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setError(null);
    // A function as the state would be called for the next state.
    VIEWS[view]().then((loaded) => setView(() => loaded), setError);
  }, [view, attempt]);

  const retry = () => setAttempt(attempt + 1);
  if (error !== null)
    return html`<${Trouble} title="This view could not be loaded" error=${error} onRetry=${retry} />`;
  if (View === null) return html`<div class="trace-loading" role="status">Reading the view…</div>`;
  return html`<${View} app=${app} trace=${trace} selected=${selected} onSelect=${onSelect} />`;
}
