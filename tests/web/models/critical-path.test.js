/** The critical path, by hand and against the definition as a recursion. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { criticalPath } from "../../../web/model/critical-path.js";
import { buildTrace } from "../../../web/model/trace.js";
import { TRACE_ID, anyTrace, forSeeds, makeSpan, makeTrace } from "./samples.js";

/** @typedef {import("../../../web/model/types.js").Trace} Trace */
/** @typedef {import("../../../web/model/critical-path.js").Segment} Segment */

/** @param {Trace} trace */
const pathOf = (trace) =>
  criticalPath(trace)
    .map(({ row, fromNano, toNano }) => `${trace.spans[row].spanId} ${fromNano}-${toNano}`)
    .join(", ");

test("a span alone is its path", () => {
  assert.equal(pathOf(makeTrace(["a", "", 0, 10])), "a 0-10");
});

test("children one after the other are on it, with the gaps between them", () => {
  const trace = makeTrace(["a", "", 0, 100], ["b", "a", 10, 30], ["c", "a", 40, 90], ["d", "c", 50, 60]);
  assert.equal(pathOf(trace), "a 0-10, b 10-30, a 30-40, c 40-50, d 50-60, c 60-90, a 90-100");
});

test("a child that begins when the last one ended follows it", () => {
  assert.equal(pathOf(makeTrace(["a", "", 0, 20], ["b", "a", 0, 10], ["c", "a", 10, 20])), "b 0-10, c 10-20");
});

test("of children at once that which ends last is on it, and before it those that ended by then", () => {
  const trace = makeTrace(
    ["a", "", 0, 100],
    ["fast", "a", 10, 40],
    ["slow", "a", 20, 90],
    ["first", "a", 5, 15],
  );
  assert.equal(pathOf(trace), "a 0-5, first 5-15, a 15-20, slow 20-90, a 90-100");
});

test("what goes on after its parent is cut, and begins no path of its own", () => {
  const trace = makeTrace(
    ["a", "", 0, 50],
    ["async", "a", 30, 500],
    ["after", "a", 60, 70],
    ["below", "async", 40, 400],
  );
  assert.equal(pathOf(trace), "a 0-30, async 30-40, below 40-50");
});

test("a child that starts before its parent is cut", () => {
  const trace = makeTrace(
    ["r", "", 0, 5],
    ["a", "r", 2, 5],
    ["b", "a", 0, 4],
    ["c", "b", 0, 1],
    ["d", "b", 1, 3],
  );
  assert.equal(pathOf(trace), "r 0-2, d 2-3, b 3-4, a 4-5");
});

test("spans without an end or duration have no part in it", () => {
  const trace = makeTrace(
    ["a", "", 0, 50],
    ["open", "a", 10, null],
    ["b", "open", 20, 30],
    ["zero", "a", 50, 50],
  );
  assert.equal(pathOf(trace), "a 0-50");
  assert.equal(pathOf(makeTrace(["a", "", 0, null], ["b", "a", 1, 5])), "");
  assert.equal(pathOf(makeTrace()), "");
});

test("each root has its path", () => {
  const trace = makeTrace(["a", "", 0, 10], ["b", "", 5, 25], ["c", "gone", 30, 40], ["d", "c", 30, 35]);
  assert.equal(pathOf(trace), "a 0-10, b 5-25, d 30-35, c 35-40");
});

test("any trace has the path of the definition", () => {
  forSeeds(500, (random) => {
    const trace = anyTrace(random, Math.floor(random() * 30));
    const path = criticalPath(trace);
    let place = 0;
    trace.spans.forEach(({ startNano, durationNano }, root) => {
      if (trace.parents[root] >= 0) return;
      const expected = pathByDefinition(trace, root, startNano, startNano + durationNano);
      assert.deepEqual(path.slice(place, place + expected.length), expected);
      place += expected.length;
      assert.equal(
        expected.reduce((sum, { fromNano, toNano }) => sum + toNano - fromNano, 0),
        durationNano,
      );
    });
    assert.equal(place, path.length);
    for (const { row, fromNano, toNano } of path) {
      const { startNano, durationNano } = trace.spans[row];
      assert.ok(startNano <= fromNano && fromNano < toNano && toNano <= startNano + durationNano);
    }
  });
});

test("a chain of 100,000 spans and as many children of one need no stack", () => {
  for (const parentOf of [(/** @type {number} */ index) => String(index - 1), () => "0"]) {
    const spans = Array.from({ length: 100000 }, (_, index) =>
      makeSpan(String(index), index === 0 ? "" : parentOf(index), index, 300000 - index),
    );
    const path = criticalPath(buildTrace(TRACE_ID, spans, true));
    assert.equal(
      path.reduce((sum, { fromNano, toNano }) => sum + toNano - fromNano, 0),
      300000,
    );
  }
});

/**
 * Return the path in a span that runs from `from` to `end`, as far as the point `at`.
 * @param {Trace} trace
 * @param {number} row
 * @param {number} from
 * @param {number} end
 * @param {number} [at]
 * @returns {Segment[]}
 */
function pathByDefinition(trace, row, from, end, at = end) {
  if (from >= at) return [];
  const children = trace.spans.map((_, child) => child).filter((child) => trace.parents[child] === row);
  const cut = children.map((child) => {
    const { startNano, durationNano } = trace.spans[child];
    return { child, start: Math.max(from, startNano), stop: Math.min(end, startNano + durationNano) };
  });
  const done = cut.filter(({ start, stop }) => start < stop && stop <= at);
  if (done.length === 0) return [{ row, fromNano: from, toNano: at }];
  const last = done.reduce((best, other) => (other.stop > best.stop ? other : best));
  return [
    ...pathByDefinition(trace, row, from, end, last.start),
    ...pathByDefinition(trace, last.child, last.start, last.stop),
    ...(last.stop < at ? [{ row, fromNano: last.stop, toNano: at }] : []),
  ];
}
