/** The service map: which service calls which, how often, how fast and with how many errors. */

import { html, useState } from "../../html.js";
import { EMPTY_FILTERS } from "../../model/filters.js";
import { formatCount, formatTime } from "../../model/formats.js";
import { usePreference } from "../../platform/preferences.js";
import { useKeys } from "../keys.js";
import { Trouble } from "../trouble.js";
import { EdgeTable } from "./edge-table.js";
import { ServiceGraph } from "./service-graph.js";
import { useDependencies } from "./use-dependencies.js";

/** @typedef {import("../../app.js").App} App */
/** @typedef {import("../../platform/api.js").Dependencies} Dependencies */

export const KEYS = [
  { keys: "r", does: "Ask the collector again" },
  { keys: "Tab", does: "From service to service in the map" },
  { keys: "Enter", does: "The traces of the service" },
];

/** `start` is what the list has in its menu for the same time. */
const WINDOWS = [
  { text: "15 minutes", seconds: 900, start: "-15m" },
  { text: "hour", seconds: 3_600, start: "-1h" },
  { text: "6 hours", seconds: 21_600, start: "-6h" },
  { text: "24 hours", seconds: 86_400, start: "-24h" },
];

/** @param {{app: App}} props */
export function MapPage({ app }) {
  const [seconds, setSeconds] = useState(3_600);
  const [service, setService] = useState("");
  const { found, error, isAsking, ask } = useDependencies(app.api, seconds);
  useKeys({ r: ask });
  const openTraces = (/** @type {string} */ name) => {
    const start = WINDOWS.find((one) => one.seconds === seconds)?.start ?? "";
    app.navigate({ page: "traces", filters: { ...EMPTY_FILTERS, service: name, start } });
  };
  return html`<div class="map-page">
    <div class="map-head">
      <h1>Service map</h1>
      <label class="map-window">
        of the last
        <select class="input" value=${seconds} onChange=${(/** @type {any} */ event) => setSeconds(Number(event.target.value))}>
          ${WINDOWS.map((one) => html`<option value=${one.seconds}>${one.text}</option>`)}
        </select>
      </label>
      <button type="button" class="button button-quiet" onClick=${ask} disabled=${isAsking} title="Ask again (r)">
        ${isAsking ? "Asking…" : "Refresh"}
      </button>
      ${found && html`<${Covered} found=${found} />`}
    </div>
    ${error && html`<${Trouble} title="There is no map" error=${error} onRetry=${ask} />`}
    ${
      found &&
      found.services.length === 0 &&
      html`<p class="map-empty">
      No span was stored in this time. <a href="#/traces">The traces</a> show how to send the first one.
    </p>`
    }
    ${
      found &&
      found.services.length > 0 &&
      html`
      <div class="map-content">
        <${ServiceGraph}
          nodes=${found.services}
          edges=${found.edges}
          selected=${service}
          onSelect=${setService}
          onOpen=${openTraces}
        />
        <${EdgeTable} edges=${found.edges} selected=${service} onSelect=${setService} onOpen=${openTraces} />
      </div>
    `
    }
  </div>`;
}

/**
 * How much of the time was looked at.
 * @param {{found: Dependencies}} props
 */
function Covered({ found }) {
  const [zone] = usePreference("zone");
  const at = (/** @type {string} */ nano) => formatTime(BigInt(nano), zone, { withDate: true, precision: 0 });
  const spans = `${formatCount(found.spanCount)} ${found.spanCount === 1 ? "span" : "spans"}`;
  return html`<span class="map-covered muted" role="status">
    ${spans}, ${at(found.startTimeUnixNano)} to ${at(found.endTimeUnixNano)}
    ${
      !found.isComplete &&
      html`<strong class="map-partial">
        ${" · "}the newest part: there were more spans than one answer looks at
      </strong>`
    }
  </span>`;
}
