/** The page of one trace, while it is read, when it is here, and when it is not. */

import { html, useEffect } from "../../html.js";
import { printable } from "../../model/formats.js";
import { Trouble } from "../trouble.js";
import { rootRow } from "./header.js";
import { TraceView } from "./trace-view.js";
import { Text } from "./text.js";
import { useTrace } from "./use-trace.js";

export { KEYS } from "./keyboard.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../platform/route.js").TraceRoute} TraceRoute */

const TITLE_CHARACTERS = 80;

/** @param {{app: App, route: TraceRoute}} props */
export function TracePage({ app, route }) {
  const reading = useTrace(app, route.traceId);
  const { state, trace, problem, readAgain } = reading;
  useTitle(trace);
  if (state === "loading") return html`<div class="trace-loading" role="status">Reading the trace…</div>`;
  if (state === "missing" || (trace !== null && trace.spans.length === 0)) {
    return html`<${Missing} traceId=${route.traceId} problem=${problem} onRetry=${readAgain} />`;
  }
  if (trace === null)
    return html`<${Trouble} title="The trace could not be read" error=${problem} onRetry=${readAgain} />`;
  return html`<${TraceView} app=${app} route=${route} reading=${reading} trace=${trace} />`;
}

/** @param {{traceId: string, problem: string, onRetry: () => void}} props */
function Missing({ traceId, problem, onRetry }) {
  return html`<section class="trouble">
    <h1>No such trace</h1>
    <p class="trouble-message">
      The collector has no trace <code><${Text} text=${traceId} limit=${64} /></code>. It may not have arrived
      yet, or it was deleted, by hand or because it was too old.
      ${problem !== "" && html`<span class="t">It says: ${printable(problem)}</span>`}
    </p>
    <p class="trace-ways">
      <a class="button button-primary" href="#/traces">All traces</a>
      <button type="button" class="button" onClick=${onRetry}>Try again</button>
    </p>
  </section>`;
}

/** @param {import("../../model/types.js").Trace | null} trace */
function useTitle(trace) {
  useEffect(() => {
    if (trace === null || trace.spans.length === 0) return;
    const { service, name } = trace.spans[rootRow(trace)];
    document.title = `${printable(`${service} ${name}`.trim().slice(0, TITLE_CHARACTERS))} · otel-worker`;
  }, [trace]);
}
