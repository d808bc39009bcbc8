/** The drawing of services and their calls, from left to right: for the map, and for one trace. */

import { html, useId, useMemo } from "../../html.js";
import { serviceColour } from "../../model/colours.js";
import { formatCount, formatDuration } from "../../model/formats.js";
import { layout } from "../../model/service-graph.js";
import { shortened } from "../trace/text.js";
import { errorText } from "./edge-table.js";

/** @typedef {import("../../model/types.js").ServiceEdge} ServiceEdge */
/** @typedef {{service: string, spanCount: number, errorCount: number}} ServiceNode */
/** @typedef {import("../../model/service-graph.js").Layout} Layout */

const PADDING_PX = 16;
const NAME_CHARACTERS = 20;
const WIDEST_LINE_PX = 3;
// Before the arrow.
const FIGURES_AWAY_PX = 14;

/**
 * @param {object} props
 * @param {ServiceNode[]} props.nodes
 * @param {ServiceEdge[]} props.edges
 * @param {string} props.selected a service, "" for none: it and its calls are brought out
 * @param {(service: string) => void} props.onSelect
 * @param {(service: string) => void} [props.onOpen] on double click and Enter
 */
export function ServiceGraph({ nodes, edges: allEdges, selected, onSelect, onOpen }) {
  const marker = useId();
  const services = useMemo(() => nodes.map(({ service }) => service), [nodes]);
  const edges = useMemo(() => drawable(allEdges, services), [allEdges, services]);
  const placed = useMemo(() => layout(nodes, edges), [nodes, edges]);
  const most = edges.reduce((largest, { callCount }) => Math.max(largest, callCount), 1);
  const isNear = neighbourhood(edges, selected);
  const width = placed.width + 2 * PADDING_PX;
  const height = placed.height + 2 * PADDING_PX;
  return html`<div class="graph" role="group" aria-label=${`${nodes.length} services and ${edges.length} kinds of calls`}>
    <svg width=${width} height=${height} viewBox=${`${-PADDING_PX} ${-PADDING_PX} ${width} ${height}`}
      onClick=${() => onSelect("")}>
      <defs>
        ${["plain", "failing"].map(
          (kind) => html`<marker
          id=${`${marker}-${kind}`} class=${`graph-arrow is-${kind}`} viewBox="0 0 8 8" refX="7" refY="4"
          markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"
        ><path d="M0 0L8 4L0 8z" /></marker>`,
        )}
      </defs>
      ${edges.map(
        (edge, index) => html`<${EdgeLine}
        key=${`${edge.parent}\u0000${edge.child}`}
        edge=${edge}
        points=${placed.edges[index]}
        most=${most}
        marker=${marker}
        state=${selected === "" || isOf(edge, selected) ? "" : "is-far"}
      />`,
      )}
      ${nodes.map(
        (node, index) => html`<${NodeBox}
        key=${node.service}
        node=${node}
        box=${placed.nodes[index]}
        colour=${serviceColour(node.service, services)}
        state=${node.service === selected ? "is-selected" : isNear(node.service) ? "" : "is-far"}
        onSelect=${onSelect}
        onOpen=${onOpen}
      />`,
      )}
      ${edges.map((edge, index) => isOf(edge, selected) && html`<${Figures} edge=${edge} points=${placed.edges[index]} />`)}
    </svg>
  </div>`;
}

/**
 * @param {object} props
 * @param {ServiceEdge} props.edge
 * @param {Layout["edges"][number]} props.points
 * @param {number} props.most calls that an edge has
 * @param {string} props.marker
 * @param {string} props.state
 */
function EdgeLine({ edge, points, most, marker, state }) {
  const isFailing = edge.errorCount > 0;
  const kind = isFailing ? "failing" : "plain";
  // By the logarithm: a tenth of the calls is still to be seen.
  const line = 1 + (WIDEST_LINE_PX - 1) * (Math.log1p(edge.callCount) / Math.log1p(most));
  // A call in ten that fails is as red as it gets: for those who count on it, that is all.
  const failing = isFailing ? Math.min(100, 30 + (700 * edge.errorCount) / edge.callCount) : 0;
  const calls = `${formatCount(edge.callCount)} ${edge.callCount === 1 ? "call" : "calls"}`;
  const title =
    `${edge.parent || "no service"} to ${edge.child || "no service"}: ${calls}, ` +
    `${errorText(edge)} failed, p50 ${formatDuration(edge.p50DurationNano)}, p95 ${formatDuration(edge.p95DurationNano)}`;
  return html`<g class=${`graph-edge is-${kind} ${state}`}>
    <title>${shortened(title, 400)}</title>
    <path class="graph-reach" d=${pathOf(points)} />
    <path
      class="graph-line"
      d=${pathOf(points)}
      style=${{ strokeWidth: line.toFixed(1), "--failing": `${failing}%` }}
      marker-end=${`url(#${marker}-${kind})`}
    />
  </g>`;
}

/**
 * What is to be said of a call, on both sides of where its line arrives.
 * @param {{edge: ServiceEdge, points: Layout["edges"][number]}} props
 */
function Figures({ edge, points }) {
  const { x, y } = points[points.length - 1];
  return html`<g class="graph-figures" aria-hidden="true">
    <text x=${x - FIGURES_AWAY_PX} y=${y - 5}>${formatCount(edge.callCount)}×</text>
    <text x=${x - FIGURES_AWAY_PX} y=${y + 14}>p95 ${formatDuration(edge.p95DurationNano)}</text>
    ${edge.errorCount > 0 && html`<text x=${x - FIGURES_AWAY_PX} y=${y + 27}>${errorText(edge)} failed</text>`}
  </g>`;
}

/**
 * Of very many services the collector names the largest only, and calls of others too: they have no box.
 * @type {(edges: ServiceEdge[], services: string[]) => ServiceEdge[]}
 */
function drawable(edges, services) {
  const known = new Set(services);
  return edges.filter(({ parent, child }) => known.has(parent) && known.has(child));
}

/** @type {(edge: ServiceEdge, service: string) => boolean} */
function isOf({ parent, child }, service) {
  return service !== "" && (parent === service || child === service);
}

/**
 * @param {object} props
 * @param {ServiceNode} props.node
 * @param {Layout["nodes"][number]} props.box
 * @param {number} props.colour
 * @param {string} props.state
 * @param {(service: string) => void} props.onSelect
 * @param {(service: string) => void} [props.onOpen]
 */
function NodeBox({ node, box, colour, state, onSelect, onOpen }) {
  const spans = `${formatCount(node.spanCount)} ${node.spanCount === 1 ? "span" : "spans"}`;
  const errors =
    node.errorCount > 0
      ? ` · ${errorText({ callCount: node.spanCount, errorCount: node.errorCount })} failed`
      : "";
  // The label has what is seen, word for word: who speaks to the page says what is on it.
  const counts = `${spans}${errors}`;
  const name = node.service || "no service";
  const choose = (/** @type {Event} */ event) => {
    // A click beside the services takes the selection away.
    event.stopPropagation();
    onSelect(state === "is-selected" ? "" : node.service);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && onOpen) onOpen(node.service);
    else if (event.key === " " || event.key === "Enter") choose(event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<g
    class=${`graph-node ${state}`}
    style=${{ "--service": `var(--service-${colour})` }}
    transform=${`translate(${box.x} ${box.y})`}
    tabindex="0"
    role="button"
    aria-pressed=${state === "is-selected"}
    aria-label=${`${shortened(name, 300)} ${counts}`}
    onClick=${choose}
    onDblClick=${() => onOpen?.(node.service)}
    onKeyDown=${onKeyDown}
  >
    ${name.length > NAME_CHARACTERS && html`<title>${shortened(name, 300)}</title>`}
    <rect class="graph-box" width=${box.width} height=${box.height} rx="6" />
    <rect class="graph-strip" y="6" width="4" height=${box.height - 12} rx="2" />
    <text class="graph-name" x="14" y=${box.height / 2 - 3}>${shortened(name, NAME_CHARACTERS)}</text>${" "}
    <text class=${node.errorCount > 0 ? "graph-counts is-failing" : "graph-counts"} x="14" y=${box.height / 2 + 13}>
      ${counts}
    </text>
  </g>`;
}

/**
 * @param {ServiceEdge[]} edges
 * @param {string} selected
 * @returns {(service: string) => boolean} whether a service calls the selected one or is called by it
 */
function neighbourhood(edges, selected) {
  if (selected === "") return () => true;
  const near = new Set([selected]);
  for (const { parent, child } of edges) {
    if (parent === selected) near.add(child);
    if (child === selected) near.add(parent);
  }
  return (service) => near.has(service);
}

/**
 * A smooth line through points: each leg leaves and arrives level, as calls go from left to right.
 * @param {{x: number, y: number}[]} points
 */
function pathOf(points) {
  const [first, ...others] = points;
  let path = `M${first.x} ${first.y}`;
  let from = first;
  for (const to of others) {
    const half = (to.x - from.x) / 2;
    path += `C${from.x + half} ${from.y} ${to.x - half} ${to.y} ${to.x} ${to.y}`;
    from = to;
  }
  return path;
}
