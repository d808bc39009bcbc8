/** Where the boxes and lines of a graph stand, when its nodes have layers. */

import { neighbours, orderLayers, spread } from "./graph-layers.js";

/** @typedef {import("./graph-layers.js").Link} Link */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/**
 * The nodes of a graph in columns, with more nodes where its lines pass a column.
 * @typedef {object} Grid
 * @property {number[][]} columns
 * @property {number[][]} routes for each link, the nodes from its left to its right end
 */

const BOX_WIDTH = 180;
const BOX_HEIGHT = 48;
const COLUMN_GAP = 110;
const ROW_GAP = 24;
// The room for a line that passes a column.
const LINE_HEIGHT = 4;
const LOOP_HEIGHT = 16;
const PLACE_SWEEPS = 12;
// Lines over many columns bend round what is there. Beyond this many bends the others go straight.
const MAX_BENDS = 10_000;

/**
 * Return the grid of a graph, with few crossings.
 * @param {Int32Array} layers by node
 * @param {readonly Link[]} links each to a higher layer
 * @returns {Grid}
 */
export function makeGrid(layers, links) {
  /** @type {number[][]} */
  const columns = [];
  layers.forEach((layer, node) => {
    while (columns.length <= layer) columns.push([]);
    columns[layer].push(node);
  });
  let count = layers.length;
  const routes = links.map(([from, to]) => {
    const bends = layers[to] - layers[from] - 1;
    if (count - layers.length + bends > MAX_BENDS) return [from, to];
    const passed = Array.from({ length: bends }, (_, index) => count + index);
    passed.forEach((node, index) => columns[layers[from] + 1 + index].push(node));
    count += bends;
    return [from, ...passed, to];
  });
  return { columns: orderLayers(columns, legsOf(routes)), routes };
}

/**
 * Return the place of each node: in the middle of what it is linked with, as far as the others let it.
 * @param {Grid} grid
 * @param {number} boxCount the nodes below it are boxes, the others lines
 * @returns {Box[]} by node
 */
export function placeBoxes({ columns, routes }, boxCount) {
  const count = columns.reduce((sum, column) => sum + column.length, 0);
  const near = neighbours(
    count,
    legsOf(routes).flatMap(([from, to]) => [
      [from, to],
      [to, from],
    ]),
  );
  const heights = Array.from({ length: count }, (_, node) => (node < boxCount ? BOX_HEIGHT : LINE_HEIGHT));
  const middles = new Float64Array(count);
  const place = (/** @type {number[]} */ column) => {
    const distances = column.map((node, index) => (heights[column[index - 1]] + heights[node]) / 2 + ROW_GAP);
    const wished = column.map((node) => meanOf(middles, near[node], middles[node]));
    spread(wished, distances).forEach((middle, index) => {
      middles[column[index]] = middle;
    });
  };
  for (let sweep = 0; sweep < PLACE_SWEEPS; sweep += 1) {
    (sweep % 2 === 0 ? columns : [...columns].reverse()).forEach(place);
  }
  /** @type {Box[]} */
  const boxes = new Array(count);
  columns.forEach((column, index) => {
    for (const node of column) {
      // Whole pixels, for sharp edges.
      const y = Math.round(middles[node] - heights[node] / 2);
      boxes[node] = { x: index * (BOX_WIDTH + COLUMN_GAP), y, width: BOX_WIDTH, height: heights[node] };
    }
  });
  return boxes;
}

/**
 * Return the line of each route, from left to right. Lines at one side of a box stand one below the other.
 * @param {readonly number[][]} routes
 * @param {readonly Box[]} boxes
 * @returns {Point[][]}
 */
export function drawLines(routes, boxes) {
  const starts = portsOf(routes, boxes);
  const ends = portsOf(
    routes.map((route) => [...route].reverse()),
    boxes,
  );
  return routes.map((route, index) => {
    const [first, last] = [boxes[route[0]], boxes[route[route.length - 1]]];
    const passed = route.slice(1, -1).flatMap((node) => {
      const { x, width } = boxes[node];
      const y = middleOf(boxes[node]);
      return [
        { x, y },
        { x: x + width, y },
      ];
    });
    return [{ x: first.x + first.width, y: starts[index] }, ...passed, { x: last.x, y: ends[index] }];
  });
}

/**
 * Return the line from a box to itself: an arc on it.
 * @param {Box} box
 * @returns {Point[]}
 */
export function loopAbove({ x, y, width }) {
  return [
    { x: x + width / 4, y },
    { x: x + width / 2, y: y - LOOP_HEIGHT },
    { x: x + (width * 3) / 4, y },
  ];
}

/**
 * Return the links between neighbouring columns that routes consist of.
 * @param {readonly number[][]} routes
 * @returns {[number, number][]}
 */
function legsOf(routes) {
  return routes.flatMap((route) =>
    route.slice(1).map((node, index) => /** @type {[number, number]} */ ([route[index], node])),
  );
}

/**
 * Return the heights at which routes leave their first box, in the order of what they go to.
 * @param {readonly number[][]} routes
 * @param {readonly Box[]} boxes
 * @returns {number[]}
 */
function portsOf(routes, boxes) {
  const goesTo = (/** @type {number} */ index) => middleOf(boxes[routes[index][1]]);
  const heights = new Array(routes.length).fill(0);
  for (const [node, indexes] of Map.groupBy(routes.keys(), (index) => routes[index][0])) {
    indexes.sort((a, b) => goesTo(a) - goesTo(b) || a - b);
    const { y, height } = boxes[node];
    indexes.forEach((index, place) => {
      heights[index] = y + (height * (place + 1)) / (indexes.length + 1);
    });
  }
  return heights;
}

/**
 * @param {Box} box
 * @returns {number}
 */
function middleOf({ y, height }) {
  return y + height / 2;
}

/**
 * @param {Float64Array} values
 * @param {number[]} indexes
 * @param {number} otherwise
 * @returns {number}
 */
function meanOf(values, indexes, otherwise) {
  if (indexes.length === 0) return otherwise;
  return indexes.reduce((sum, index) => sum + values[index], 0) / indexes.length;
}
