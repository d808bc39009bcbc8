/** Layers of a graph: no link goes back, few cross, nothing overlaps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assignLayers, orderLayers, spread } from "../../../web/model/graph-layers.js";
import { forSeeds } from "./samples.js";

/** @typedef {import("../../../web/model/graph-layers.js").Link} Link */

/** @param {() => number} random @param {number} count @param {number} linkCount @returns {Link[]} */
function anyLinks(random, count, linkCount) {
  const below = (/** @type {number} */ limit) => Math.floor(random() * limit);
  const links = Array.from({ length: linkCount }, () => /** @type {const} */ ([below(count), below(count)]));
  return links.filter(([from, to]) => from !== to);
}

test("a node is right of all that link to it, as near as possible", () => {
  const { layers, isTurned } = assignLayers(5, [
    [0, 1],
    [1, 2],
    [0, 2],
    [2, 3],
  ]);
  assert.deepEqual([...layers], [0, 1, 2, 3, 0]);
  assert.deepEqual(isTurned, [false, false, false, false]);
});

test("a node that nothing links to is right before what it links to", () => {
  assert.deepEqual(
    [
      ...assignLayers(5, [
        [0, 1],
        [1, 2],
        [2, 3],
        [4, 3],
      ]).layers,
    ],
    [0, 1, 2, 3, 2],
  );
});

test("of a circle the link back to where the walk began is turned round", () => {
  const { layers, isTurned } = assignLayers(4, [
    [3, 0],
    [0, 1],
    [1, 2],
    [2, 0],
  ]);
  assert.deepEqual([...layers], [1, 2, 3, 0]);
  assert.deepEqual(isTurned, [false, false, false, true]);
  assert.deepEqual(
    [
      ...assignLayers(2, [
        [0, 1],
        [1, 0],
      ]).layers,
    ],
    [0, 1],
  );
});

test("any links lead to a higher layer, unless they are turned, which without circles none is", () => {
  forSeeds(400, (random) => {
    const count = 2 + Math.floor(random() * 15);
    const isAcyclic = random() < 0.5;
    const links = anyLinks(random, count, Math.floor(random() * 40)).filter(
      ([from, to]) => !isAcyclic || from < to,
    );
    const { layers, isTurned } = assignLayers(count, links);
    links.forEach(([from, to], index) => assert.equal(layers[from] > layers[to], isTurned[index]));
    if (isAcyclic) assert.ok(!isTurned.includes(true));
    assert.deepEqual(
      [...layers],
      layersByDefinition(
        count,
        links.map(([from, to], index) => (isTurned[index] ? [to, from] : [from, to])),
      ),
    );
  });
});

test("a chain of 100,000 nodes needs no stack", () => {
  const links = Array.from({ length: 99999 }, (_, index) => /** @type {const} */ ([index, index + 1]));
  assert.equal(assignLayers(100000, links).layers[99999], 99999);
});

test("links that need not cross do not", () => {
  assert.deepEqual(
    orderLayers(
      [
        [0, 1],
        [2, 3],
      ],
      [
        [0, 3],
        [1, 2],
      ],
    ),
    [
      [0, 1],
      [3, 2],
    ],
  );
  const tree = orderLayers(
    [[0], [1, 2], [3, 4, 5, 6]],
    [
      [0, 1],
      [0, 2],
      [1, 5],
      [1, 6],
      [2, 3],
      [2, 4],
    ],
  );
  assert.deepEqual(tree, [[0], [1, 2], [5, 6, 3, 4]]);
});

test("any order keeps the nodes of each layer, and crosses no more often than before", () => {
  forSeeds(200, (random) => {
    let next = 0;
    const layers = Array.from({ length: 1 + Math.floor(random() * 5) }, () =>
      Array.from({ length: 1 + Math.floor(random() * 6) }, () => next++),
    );
    const links = layers
      .slice(1)
      .flatMap((layer, index) =>
        layer.flatMap((to) =>
          layers[index].filter(() => random() < 0.4).map((from) => /** @type {const} */ ([from, to])),
        ),
      );
    const ordered = orderLayers(layers, links);
    assert.deepEqual(
      ordered.map((layer) => [...layer].sort((a, b) => a - b)),
      layers,
    );
    assert.ok(crossingsByPairs(ordered, links) <= crossingsByPairs(layers, links));
    assert.deepEqual(orderLayers(layers, links), ordered);
  });
});

test("centres move as little as they have to", () => {
  assert.deepEqual(spread([], []), []);
  assert.deepEqual(spread([5, 50], [0, 10]), [5, 50]);
  assert.deepEqual(spread([5, 5], [0, 10]), [0, 10]);
  assert.deepEqual(spread([10, 1, 1], [0, 1, 1]), [3, 4, 5]);
});

test("no other places are nearer to the wishes", () => {
  forSeeds(300, (random) => {
    const wished = Array.from({ length: 1 + Math.floor(random() * 6) }, () => random() * 100);
    const distances = wished.map(() => 1 + random() * 30);
    const costOf = (/** @type {number[]} */ places) =>
      places.reduce((sum, place, index) => sum + (place - wished[index]) ** 2, 0);
    const places = spread(wished, distances);
    for (let index = 1; index < places.length; index += 1) {
      assert.ok(places[index] - places[index - 1] >= distances[index] - 1e-9);
    }
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const other = places.map((place) => place + (random() - 0.5) * 2 ** (-attempt / 5));
      for (let index = 1; index < other.length; index += 1) {
        other[index] = Math.max(other[index], other[index - 1] + distances[index]);
      }
      assert.ok(costOf(other) >= costOf(places) - 1e-9);
    }
  });
});

/** @param {number} count @param {readonly Link[]} links without circles */
function layersByDefinition(count, links) {
  const before = (/** @type {number} */ node) => links.filter(([, to]) => to === node).map(([from]) => from);
  const after = (/** @type {number} */ node) => links.filter(([from]) => from === node).map(([, to]) => to);
  /** @type {(node: number) => number} */
  const longestWayTo = (node) => Math.max(0, ...before(node).map((other) => longestWayTo(other) + 1));
  return Array.from({ length: count }, (_, node) => {
    const isEntry = before(node).length === 0 && after(node).length > 0;
    return isEntry ? Math.min(...after(node).map(longestWayTo)) - 1 : longestWayTo(node);
  });
}

/** @param {number[][]} layers @param {readonly Link[]} links */
function crossingsByPairs(layers, links) {
  const places = new Map(
    layers.flatMap((layer, index) => layer.map((node, place) => [node, { index, place }])),
  );
  const at = (/** @type {number} */ node) => places.get(node) ?? { index: -1, place: -1 };
  let count = 0;
  links.forEach(([from, to], index) => {
    for (const [otherFrom, otherTo] of links.slice(0, index)) {
      if (at(from).index !== at(otherFrom).index) continue;
      if ((at(from).place - at(otherFrom).place) * (at(to).place - at(otherTo).place) < 0) count += 1;
    }
  });
  return count;
}
