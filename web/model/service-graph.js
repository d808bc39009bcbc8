/** Who calls whom: the edges between the services of a trace, and where to draw services and edges. */

import { assignLayers } from "./graph-layers.js";
import { drawLines, loopAbove, makeGrid, placeBoxes } from "./graph-places.js";
import { percentile } from "./histogram.js";
import { selfTimes } from "./self-time.js";

/** @typedef {import("./graph-places.js").Box} Box */
/** @typedef {import("./graph-places.js").Point} Point */
/** @typedef {import("./types.js").ServiceEdge} ServiceEdge */
/** @typedef {import("./types.js").Trace} Trace */
/** @typedef {{service: string, spanCount: number, errorCount: number, selfNano: number}} TraceNode */

/**
 * @typedef {object} Layout
 * @property {Box[]} nodes in the order of the nodes
 * @property {Point[][]} edges in the order of the edges, each from the calling service on: where its line
 *   leaves
 *   a box, what it passes level, where it arrives; none if one of its services is not among the nodes
 * @property {number} width from 0 on, everything included
 * @property {number} height
 */

/** @typedef {{index: number, from: number, to: number}} Call an edge, and the numbers of its services */

/**
 * Return the services of a trace and the calls between them: a span whose parent is of another service is
 * one.
 * @param {Trace} trace
 * @returns {{nodes: TraceNode[], edges: ServiceEdge[]}} services by first appearance, edges by calls
 */
export function traceEdges(trace) {
  const { spans, parents } = trace;
  const calls = spans
    .map((_, row) => row)
    .filter((row) => {
      const parent = parents[row];
      return parent >= 0 && spans[parent].service !== spans[row].service;
    });
  const edges = [...Map.groupBy(calls, (row) => spans[parents[row]].service)].flatMap(([parent, rows]) => {
    const byChild = Map.groupBy(rows, (row) => spans[row].service);
    return [...byChild].map(([child, called]) => edgeOf(trace, parent, child, called));
  });
  return { nodes: nodesOf(trace), edges: edges.sort(byCalls) };
}

/**
 * Return where to draw services and edges: who calls is left of whom it calls, except where calls go in
 * circles. The same services and edges have the same places, in whichever order they come.
 * @param {readonly {service: string}[]} nodes
 * @param {readonly ServiceEdge[]} edges
 * @returns {Layout}
 */
export function layout(nodes, edges) {
  const numberOf = numberServices(nodes, edges);
  const calls = callsOf(edges, numberOf);
  const between = calls.filter(({ from, to }) => from !== to);
  const { layers, isTurned } = assignLayers(
    numberOf.size,
    between.map(({ from, to }) => [from, to]),
  );
  /** @type {[number, number][]} */
  const links = between.map(({ from, to }, call) => (isTurned[call] ? [to, from] : [from, to]));
  const grid = makeGrid(layers, links);
  const boxes = placeBoxes(grid, numberOf.size);
  /** @type {Point[][]} */
  const lines = edges.map(() => []);
  drawLines(grid.routes, boxes).forEach((line, call) => {
    lines[between[call].index] = isTurned[call] ? line.reverse() : line;
  });
  for (const { index, from, to } of calls) if (from === to) lines[index] = loopAbove(boxes[from]);
  return fromOrigin(
    nodes.map(({ service }) => boxes[numberOf.get(service) ?? 0]),
    lines,
  );
}

/**
 * @param {Trace} trace
 * @returns {TraceNode[]}
 */
function nodesOf(trace) {
  const own = selfTimes(trace);
  const nodes = new Map(
    trace.services.map((service) => [service, { service, spanCount: 0, errorCount: 0, selfNano: 0 }]),
  );
  trace.spans.forEach(({ service, status }, row) => {
    const node = /** @type {TraceNode} */ (nodes.get(service));
    node.spanCount += 1;
    node.errorCount += status === "ERROR" ? 1 : 0;
    node.selfNano += own[row];
  });
  return [...nodes.values()];
}

/**
 * @param {Trace} trace
 * @param {string} parent
 * @param {string} child
 * @param {number[]} rows the spans of the child that were called
 * @returns {ServiceEdge}
 */
function edgeOf(trace, parent, child, rows) {
  const durations = Float64Array.from(rows, (row) => trace.spans[row].durationNano).sort();
  return {
    parent,
    child,
    callCount: rows.length,
    errorCount: rows.filter((row) => trace.spans[row].status === "ERROR").length,
    p50DurationNano: percentile(durations, 50),
    p95DurationNano: percentile(durations, 95),
  };
}

/**
 * The order of the API.
 * @param {ServiceEdge} a
 * @param {ServiceEdge} b
 * @returns {number}
 */
function byCalls(a, b) {
  return b.callCount - a.callCount || compareText(a.parent, b.parent) || compareText(a.child, b.child);
}

/**
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
function compareText(a, b) {
  return a < b ? -1 : Number(a > b);
}

/**
 * Number the services: those that call more than they are called come first, since circles are cut before
 * them.
 * @param {readonly {service: string}[]} nodes
 * @param {readonly ServiceEdge[]} edges
 * @returns {Map<string, number>}
 */
function numberServices(nodes, edges) {
  /** @type {Map<string, number>} */
  const surplus = new Map();
  for (const { parent, child, callCount } of edges) {
    surplus.set(parent, (surplus.get(parent) ?? 0) + callCount);
    surplus.set(child, (surplus.get(child) ?? 0) - callCount);
  }
  const services = [...new Set(nodes.map(({ service }) => service))];
  services.sort((a, b) => (surplus.get(b) ?? 0) - (surplus.get(a) ?? 0) || compareText(a, b));
  return new Map(services.map((service, number) => [service, number]));
}

/**
 * Return the edges whose services are there, those with most calls first: of a circle they are the last to
 * turn.
 * @param {readonly ServiceEdge[]} edges
 * @param {Map<string, number>} numberOf
 * @returns {Call[]}
 */
function callsOf(edges, numberOf) {
  const order = edges.map((_, index) => index).sort((a, b) => byCalls(edges[a], edges[b]));
  return order.flatMap((index) => {
    const from = numberOf.get(edges[index].parent);
    const to = numberOf.get(edges[index].child);
    return from === undefined || to === undefined ? [] : [{ index, from, to }];
  });
}

/**
 * Move everything so that it begins at 0.
 * @param {Box[]} nodes
 * @param {Point[][]} edges
 * @returns {Layout}
 */
function fromOrigin(nodes, edges) {
  const corners = nodes.map((box) => ({ x: box.x + box.width, y: box.y + box.height }));
  const points = [...edges.flat(), ...nodes, ...corners];
  if (points.length === 0) return { nodes, edges, width: 0, height: 0 };
  const heights = points.map(({ y }) => y);
  const top = heights.reduce((least, y) => Math.min(least, y));
  return {
    nodes: nodes.map((box) => ({ ...box, y: box.y - top })),
    edges: edges.map((line) => line.map(({ x, y }) => ({ x, y: y - top }))),
    width: points.reduce((most, { x }) => Math.max(most, x), 0),
    height: heights.reduce((most, y) => Math.max(most, y)) - top,
  };
}
