/** Two traces side by side. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compareTraces } from "../../../web/model/compare.js";
import { buildTrace } from "../../../web/model/trace.js";
import { TRACE_ID, anyTrace, forSeeds, makeSpan, makeTrace } from "./samples.js";

/** @typedef {import("../../../web/model/types.js").Trace} Trace */

/** @param {Trace} a @param {Trace} b */
const shown = (a, b) =>
  compareTraces(a, b).map((row) => {
    const name = (row.a >= 0 ? a.spans[row.a] : b.spans[row.b]).name;
    return `${"  ".repeat(row.depth)}${name} ${row.a} ${row.b} ${row.differenceNano}`;
  });
/** @param {string} name */
const named = (name) => ({ name });

test("spans of the same service, name and path are one row", () => {
  const a = makeTrace(
    ["1", "", 0, 100, named("root")],
    ["2", "1", 10, 20, named("x")],
    ["3", "2", 12, 15, named("y")],
  );
  const b = makeTrace(
    ["8", "", 0, 90, named("root")],
    ["9", "8", 5, 45, named("x")],
    ["7", "8", 50, 60, named("y")],
  );
  assert.deepEqual(shown(a, b), ["root 0 0 -10", "  x 1 1 30", "    y 2 -1 -3", "  y -1 2 10"]);
});

test("a row has its path and both durations", () => {
  const a = makeTrace(["1", "", 0, 100, named("root")], ["2", "1", 10, 20, { name: "x", service: "db" }]);
  assert.deepEqual(compareTraces(a, makeTrace())[1], {
    path: "shop root › db x",
    a: 1,
    b: -1,
    depth: 1,
    aNano: 10,
    bNano: 0,
    differenceNano: -10,
  });
});

test("of repeated calls the first is the same as the first", () => {
  const a = makeTrace(["1", "", 0, 9, named("root")], ["2", "1", 1, 2, named("try")]);
  const b = makeTrace(
    ["1", "", 0, 9, named("root")],
    ["2", "1", 1, 3, named("try")],
    ["3", "1", 4, 7, named("try")],
  );
  assert.deepEqual(shown(a, b), ["root 0 0 0", "  try 1 1 1", "  try -1 2 3"]);
});

test("what only the second trace has stands where it is there", () => {
  const calls = (/** @type {string} */ names) =>
    makeTrace(
      ["root", "", 0, 99, named("root")],
      ...[...names].map(
        (name, index) =>
          /** @type {Parameters<typeof makeSpan>} */ ([`${index}`, "root", index, index + 1, named(name)]),
      ),
    );
  const order = (/** @type {string} */ a, /** @type {string} */ b) =>
    shown(calls(a), calls(b))
      .slice(1)
      .map((text) => text.trim()[0])
      .join("");
  assert.equal(order("ace", "abcde"), "abcde");
  assert.equal(order("c", "abcd"), "abcd");
  assert.equal(order("abc", "cx"), "abcx");
  assert.equal(order("", "ab"), "ab");
  assert.equal(order("ab", ""), "ab");
});

test("a service is not taken for a part of a name", () => {
  const a = makeTrace(["1", "", 0, 1, { service: "x", name: "y z" }]);
  const b = makeTrace(["1", "", 0, 1, { service: "x y", name: "z" }]);
  assert.equal(compareTraces(a, b).length, 2);
});

test("a trace is the same as itself, whatever its shape", () => {
  forSeeds(100, (random) => {
    const trace = anyTrace(random, 25);
    const rows = compareTraces(trace, trace);
    assert.deepEqual(
      rows.map((row) => [row.a, row.b, row.depth, row.differenceNano]),
      trace.spans.map((_, row) => [row, row, trace.depths[row], 0]),
    );
  });
});

test("each span of any two traces is in one row, beside the one that is the same by definition", () => {
  forSeeds(300, (random) => {
    const [a, b] = [anyTrace(random, Math.floor(random() * 25)), anyTrace(random, Math.floor(random() * 25))];
    const rows = compareTraces(a, b);
    const ofA = rows.map((row) => row.a).filter((row) => row >= 0);
    assert.deepEqual(
      ofA,
      a.spans.map((_, row) => row),
    );
    assert.deepEqual(
      rows
        .map((row) => row.b)
        .filter((row) => row >= 0)
        .sort((x, y) => x - y),
      b.spans.map((_, row) => row),
    );
    const partners = new Map(rows.filter((row) => row.a >= 0 && row.b >= 0).map((row) => [row.a, row.b]));
    a.spans.forEach((_, row) => assert.equal(partners.get(row), partnerByDefinition(a, b, row)));
  });
});

test("chains and siblings of 100,000 spans are compared", () => {
  for (const parentOf of [(/** @type {number} */ index) => String(index - 1), () => "0"]) {
    const spans = Array.from({ length: 100000 }, (_, index) =>
      makeSpan(String(index), index === 0 ? "" : parentOf(index), index, 300000 - index),
    );
    const trace = buildTrace(TRACE_ID, spans, true);
    assert.equal(compareTraces(trace, trace).length, 100000);
    assert.equal(compareTraces(trace, makeTrace(["x", "", 0, 1])).length, 100001);
  }
});

/**
 * @param {Trace} a
 * @param {Trace} b
 * @param {number} row
 * @returns {number | undefined}
 */
function partnerByDefinition(a, b, row) {
  const parent = a.parents[row] < 0 ? -1 : partnerByDefinition(a, b, a.parents[row]);
  if (parent === undefined) return undefined;
  const { service, name } = a.spans[row];
  /** @param {Trace} trace @param {number} above */
  const alike = (trace, above) =>
    trace.spans
      .map((_, other) => other)
      .filter(
        (other) =>
          trace.parents[other] === above &&
          trace.spans[other].service === service &&
          trace.spans[other].name === name,
      );
  return alike(b, parent)[alike(a, a.parents[row]).indexOf(row)];
}
