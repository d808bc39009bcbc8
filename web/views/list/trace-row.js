/** A trace in the table: all of the row is a link to it. */
import { Component, html } from "../../html.js";
import { serviceColour } from "../../model/colours.js";
import { formatCount, formatDuration, formatTime } from "../../model/formats.js";
import { formatRoute } from "../../platform/route.js";
import { shortened } from "../trace/text.js";

/** @typedef {import("../../model/types.js").TraceSummary} TraceSummary */

const MAX_NAME_CHARACTERS = 200;
const MAX_TOOLTIP_CHARACTERS = 1_000;
const MAX_SERVICES = 3;

/**
 * @typedef {object} Properties
 * @property {TraceSummary} trace
 * @property {string} when how long ago it started
 * @property {"local" | "utc"} zone
 * @property {number} longestNano the whole width of a duration's bar
 * @property {boolean} isSelected for a comparison
 * @property {boolean} isLast the one that was looked at before
 * @property {(traceId: string) => void} onSelect
 * @property {(traceId: string) => void} onOpen it is about to be looked at
 */

/**
 * A class, as only these can say that nothing has changed. Elements that a hook remembers would do so too, but they
 * keep the rows of all former renderings in memory.
 * @extends {Component<Properties>}
 */
export class TraceRow extends Component {
  /**
   * @override
   * @param {Properties} next
   */
  shouldComponentUpdate(next) {
    const names = /** @type {(keyof Properties)[]} */ (Object.keys(next));
    return names.some((name) => next[name] !== this.props[name]);
  }

  /**
   * @override
   * @param {Properties} properties
   */
  render({ trace, when, zone, longestNano, isSelected, isLast, onSelect, onOpen }) {
    const name = trace.rootName === "" ? "(no name)" : shortened(trace.rootName, MAX_NAME_CHARACTERS);
    return html`
      <div class="list-row" role="row" data-trace=${trace.traceId} data-failed=${trace.errorCount > 0}
        data-selected=${isSelected} data-last=${isLast}>
        <span role="cell" class="list-check">
          <input type="checkbox" checked=${isSelected} aria-label=${`Compare ${name}`}
            onChange=${() => onSelect(trace.traceId)} />
        </span>
        <span role="cell" class="list-when muted">${when}</span>
        <span role="cell" class="list-root">
          <a class="list-link" href=${hrefOf(trace)} title=${tooltipOf(trace, zone)}
            onClick=${() => onOpen(trace.traceId)}>
            <${Dot} service=${trace.rootService} />
            <span class="list-root-service t">${nameOf(trace.rootService)}</span>
            <span class="list-root-name t">${name}</span>
          </a>
        </span>
        <span role="cell" class="list-duration">
          <span class="list-duration-text">${formatDuration(trace.durationNano)}</span>
          <span class="list-bar"><span style=${{ width: percent(trace.durationNano, longestNano) }}></span></span>
        </span>
        <span role="cell" class="list-spans"
          >${formatCount(trace.spanCount)}<span class="list-unit">${trace.spanCount === 1 ? " span" : " spans"}</span></span
        >
        <span role="cell" class="list-errors">${trace.errorCount > 0 && errorText(trace.errorCount)}</span>
        <span role="cell" class="list-services"><${Services} services=${trace.services} /></span>
      </div>
    `;
  }
}

/** @param {{services: string[]}} properties */
function Services({ services }) {
  const hidden = services.slice(MAX_SERVICES);
  return html`
    ${services.slice(0, MAX_SERVICES).map(
      (service) => html`
        <span class="list-service" key=${service}>
          <${Dot} service=${service} /><span class="t">${nameOf(service)}</span>
        </span>
      `,
    )}
    ${hidden.length > 0 && html`<span class="muted">+${hidden.length}</span>`}
  `;
}

/** @param {{service: string}} properties */
function Dot({ service }) {
  return html`<span class="list-dot" style=${{ background: `var(--service-${serviceColour(service)})` }}></span>`;
}

/** @type {(trace: TraceSummary) => string} */
function hrefOf({ traceId }) {
  return formatRoute({ page: "trace", traceId, span: "", view: "timeline", find: "" });
}

/** @type {(trace: TraceSummary, zone: "local" | "utc") => string} */
function tooltipOf({ rootName, services, startTimeUnixNano, traceId }, zone) {
  const time = formatTime(BigInt(startTimeUnixNano), zone, { withDate: true });
  return [
    `${time} ${zone === "utc" ? "UTC" : "local"}`,
    shortened(rootName, MAX_TOOLTIP_CHARACTERS),
    shortened(services.join(", "), MAX_TOOLTIP_CHARACTERS),
    traceId,
  ].join("\n");
}

/** @type {(service: string) => string} */
function nameOf(service) {
  return service === "" ? "(no service)" : shortened(service, MAX_NAME_CHARACTERS);
}

/**
 * @param {number} count
 * @returns {string} such as "1 error"
 */
export function errorText(count) {
  return `${formatCount(count)} ${count === 1 ? "error" : "errors"}`;
}

/** @type {(nano: number, longestNano: number) => string} */
function percent(nano, longestNano) {
  return `${longestNano > 0 ? Math.max(0.5, (100 * nano) / longestNano) : 0}%`;
}
