/** Services of a trace, their edges, and where they are drawn. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { layout, traceEdges } from "../../../web/model/service-graph.js";
import { anyTrace, forSeeds, makeTrace } from "./samples.js";

/** @typedef {import("../../../web/model/types.js").ServiceEdge} ServiceEdge */
/** @typedef {import("../../../web/model/service-graph.js").Layout} Layout */

/** @param {string} service @param {"ERROR" | "UNSET"} [status] */
const of = (service, status = "UNSET") => ({ service, status });
/** @param {string} calls pairs of services, such as "ab bc" @returns {ServiceEdge[]} */
const edgesOf = (calls) =>
  calls
    .split(" ")
    .filter(Boolean)
    .map(([parent, child], index) => ({
      parent,
      child,
      callCount: 100 - index,
      errorCount: 0,
      p50DurationNano: 1,
      p95DurationNano: 1,
    }));
/** @param {string} services */
const nodesOf = (services) => [...services].map((service) => ({ service }));

test("calls go from service to service, not inside of one", () => {
  const trace = makeTrace(
    ["1", "", 0, 100, of("web")],
    ["2", "1", 10, 50, of("web")],
    ["3", "2", 20, 40, of("api", "ERROR")],
    ["4", "1", 60, 90, of("api")],
    ["5", "4", 61, 71, of("db")],
    ["6", "4", 72, 73, of("web")],
    ["7", "gone", 95, 99, of("job")],
  );
  const { nodes, edges } = traceEdges(trace);
  assert.deepEqual(nodes, [
    { service: "web", spanCount: 3, errorCount: 0, selfNano: 30 + 20 + 1 },
    { service: "api", spanCount: 2, errorCount: 1, selfNano: 20 + 19 },
    { service: "db", spanCount: 1, errorCount: 0, selfNano: 10 },
    { service: "job", spanCount: 1, errorCount: 0, selfNano: 4 },
  ]);
  assert.deepEqual(edges, [
    { parent: "web", child: "api", callCount: 2, errorCount: 1, p50DurationNano: 20, p95DurationNano: 30 },
    { parent: "api", child: "db", callCount: 1, errorCount: 0, p50DurationNano: 10, p95DurationNano: 10 },
    { parent: "api", child: "web", callCount: 1, errorCount: 0, p50DurationNano: 1, p95DurationNano: 1 },
  ]);
  assert.deepEqual(traceEdges(makeTrace()), { nodes: [], edges: [] });
});

test("the sums over any trace are those of its spans", () => {
  forSeeds(200, (random) => {
    const trace = anyTrace(random, 30);
    const { nodes, edges } = traceEdges(trace);
    assert.equal(
      nodes.reduce((sum, node) => sum + node.spanCount, 0),
      30,
    );
    assert.equal(
      nodes.reduce((sum, node) => sum + node.errorCount, 0),
      trace.errorCount,
    );
    for (const edge of edges) {
      const calls = trace.spans.filter(
        (span, row) =>
          trace.parents[row] >= 0 &&
          span.service === edge.child &&
          trace.spans[trace.parents[row]].service === edge.parent,
      );
      assert.equal(edge.callCount, calls.length);
      assert.equal(edge.errorCount, calls.filter((span) => span.status === "ERROR").length);
      const durations = calls.map((span) => span.durationNano).sort((a, b) => a - b);
      assert.equal(edge.p50DurationNano, durations[Math.ceil(durations.length * 0.5) - 1]);
      assert.equal(edge.p95DurationNano, durations[Math.ceil(durations.length * 0.95) - 1]);
    }
    const crossing = trace.spans.filter(
      (span, row) => trace.parents[row] >= 0 && trace.spans[trace.parents[row]].service !== span.service,
    );
    assert.equal(
      edges.reduce((sum, edge) => sum + edge.callCount, 0),
      crossing.length,
    );
  });
});

test("who calls is left of whom it calls", () => {
  const { nodes, edges, width, height } = layout(nodesOf("abcd"), edgesOf("ab ac bd cd ad"));
  const [a, b, c, d] = nodes;
  assert.ok(a.x + a.width < b.x && b.x === c.x && b.x + b.width < d.x);
  assert.deepEqual([a.y, d.y, width], [a.y, a.y, d.x + d.width]);
  assert.ok(b.y + b.height < c.y || c.y + c.height < b.y);
  assert.ok(height >= 2 * a.height);
  const [ab] = edges;
  assert.deepEqual([ab[0].x, ab[1].x, ab.length], [a.x + a.width, b.x, 2]);
  assert.ok(ab[0].y > a.y && ab[0].y < a.y + a.height && ab[1].y > b.y && ab[1].y < b.y + b.height);
  // From a to d the line passes the column of b and c.
  assert.deepEqual(
    edges[4].map((point) => point.x),
    [a.x + a.width, b.x, b.x + b.width, d.x],
  );
});

test("a call back goes from the left side of a box to the right side of the other", () => {
  const {
    nodes: [a, b],
    edges: [there, back],
  } = layout(nodesOf("ab"), edgesOf("ab ba"));
  assert.deepEqual([there[0].x, there[1].x], [a.x + a.width, b.x]);
  assert.deepEqual([back[0].x, back[1].x], [b.x, a.x + a.width]);
  assert.notEqual(there[0].y, back[1].y);
  assert.notEqual(there[1].y, back[0].y);
});

test("a service that calls itself has an arc on its box, inside of the drawing", () => {
  const {
    nodes: [a],
    edges: [line],
  } = layout(nodesOf("a"), edgesOf("aa"));
  assert.deepEqual([line[0].y, line[2].y, line[1].y], [a.y, a.y, 0]);
});

test("nothing, services without calls, and calls of services that are not there", () => {
  assert.deepEqual(layout([], []), { nodes: [], edges: [], width: 0, height: 0 });
  const { nodes, edges } = layout(nodesOf("ab"), edgesOf("ax xb"));
  assert.deepEqual([nodes.length, edges], [2, [[], []]]);
  assert.equal(nodes[0].x, nodes[1].x);
});

test("any graph has its boxes apart, its lines at its boxes, and nothing outside", () => {
  forSeeds(200, (random) => {
    const services = "abcdefghij".slice(0, 1 + Math.floor(random() * 10));
    const pick = () => services[Math.floor(random() * services.length)];
    const calls = new Set(Array.from({ length: Math.floor(random() * 20) }, () => pick() + pick()));
    const edges = edgesOf([...calls].join(" "));
    const drawing = layout(nodesOf(services), edges);
    drawing.nodes.forEach((box, index) => {
      for (const other of drawing.nodes.slice(0, index)) {
        assert.ok(box.x !== other.x || box.y >= other.y + other.height || other.y >= box.y + box.height);
      }
    });
    const boxOf = (/** @type {string} */ service) => drawing.nodes[services.indexOf(service)];
    edges.forEach(({ parent, child }, index) => {
      const line = drawing.edges[index];
      assertAtBox(line[0], boxOf(parent));
      assertAtBox(line[line.length - 1], boxOf(child));
    });
    for (const { x, y } of [
      ...drawing.edges.flat(),
      ...drawing.nodes.map((box) => ({ x: box.x + box.width, y: box.y + box.height })),
    ]) {
      assert.ok(x >= 0 && y >= 0 && x <= drawing.width && y <= drawing.height);
    }
    assertSameInAnyOrder(services, edges, drawing);
  });
});

test("a thousand services and calls are drawn", () => {
  forSeeds(1, (random) => {
    const nodes = Array.from({ length: 1000 }, (_, index) => ({ service: `s${index}` }));
    const edges = nodes.map(({ service }) => ({
      ...edgesOf("ab")[0],
      parent: service,
      child: `s${Math.floor(random() * 1000)}`,
    }));
    const drawing = layout(nodes, edges);
    assert.equal(new Set(drawing.nodes.map(({ x, y }) => `${x} ${y}`)).size, 1000);
    assert.ok(drawing.edges.every((line) => line.length >= 2));
  });
});

/** @param {{x: number, y: number}} point @param {Layout["nodes"][number]} box */
function assertAtBox({ x, y }, box) {
  assert.ok(x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height);
}

/** @param {string} services @param {ServiceEdge[]} edges @param {Layout} drawing */
function assertSameInAnyOrder(services, edges, drawing) {
  const turned = layout(nodesOf(services).reverse(), [...edges].reverse());
  assert.deepEqual(turned.nodes.reverse(), drawing.nodes);
  assert.deepEqual(turned.edges.reverse(), drawing.edges);
}
