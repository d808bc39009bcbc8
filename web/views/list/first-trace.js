/** What a collector without traces shows: the variables with which a program sends its first one. */
import { html, useState } from "../../html.js";
import { useStore } from "../../platform/store.js";
import { copy } from "../trace/copying.js";

/** @typedef {import("../../app.js").App} App */

/** @param {{app: App, isLive: boolean}} properties */
export function FirstTrace({ app, isLive }) {
  const [isShown, setShown] = useState(false);
  useStore(app.session.state);
  const token = app.session.currentToken();
  const variables = variablesOf(location.origin, token);
  const shown = token && !isShown ? variablesOf(location.origin, "••••••••") : variables;
  return html`
    <section class="list-first">
      <h1>No traces yet</h1>
      <p>
        Set these variables where your program runs, and start it with an OpenTelemetry SDK. The first trace appears
        here${isLive ? " by itself" : ""}.
      </p>
      <pre class="list-first-variables" tabindex="0" aria-label="Variables">${shown.join("\n")}</pre>
      <p class="list-first-buttons">
        <button type="button" class="button button-primary"
          onClick=${() => copy(app, variables.join("\n"), "variables")}>
          Copy${token ? " with the token" : ""}
        </button>
        ${
          token &&
          html`<button type="button" class="button" aria-pressed=${isShown ? "true" : "false"}
          onClick=${() => setShown(!isShown)}>${isShown ? "Hide the token" : "Show the token"}</button>`
        }
      </p>
      ${
        token &&
        html`<p class="muted">This is the token with which you signed in. One that may only read cannot send.</p>`
      }
      <h2>Or look at a sample: one trace, or an hour of a small shop</h2>
      <pre class="list-first-variables" tabindex="0" aria-label="Commands">
        ${commandsOf(location.origin, token !== "")}
      </pre>
      <p class="muted">${isLive ? "Waiting for the first trace…" : "Asking every few seconds…"}</p>
    </section>
  `;
}

/**
 * @param {string} origin
 * @param {string} token "" when the collector wants none
 * @returns {string[]}
 */
function variablesOf(origin, token) {
  const lines = [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`,
    "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
  ];
  // The value of this variable is percent-encoded (OpenTelemetry's specification of the exporter).
  if (token) lines.push(`export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20${encodeToken(token)}"`);
  return lines;
}

/** @type {(token: string) => string} */
function encodeToken(token) {
  return token.startsWith("•") ? token : encodeURIComponent(token);
}

/** @type {(origin: string, hasToken: boolean) => string} */
function commandsOf(origin, hasToken) {
  const options = `--url ${origin}${hasToken ? ' --token "$TOKEN"' : ""}`;
  return `otel-worker send ${options}\notel-worker send --demo ${options}`;
}
