/** Spans to a forest in the order in which it is shown. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Mark, ancestorsOf, buildTrace } from "../../../web/model/trace.js";
import { START_UNIX_NANO, TRACE_ID, anySpans, forSeeds, makeSpan, makeTrace } from "./samples.js";

/** @typedef {import("../../../web/model/types.js").Trace} Trace */

/** @param {Trace} trace */
const idsOf = (trace) => trace.spans.map((span) => span.spanId);
/** @param {Trace} trace @param {string} spanId */
const marksOf = (trace, spanId) => trace.marks[trace.rowOf.get(spanId) ?? -1];

test("rows are depth first, children by start and then by id", () => {
  const trace = makeTrace(
    ["b2", "b", 5, 6],
    ["c", "a", 1, 4],
    ["d", "a", 1, 2],
    ["b", "a", 4, 9],
    ["b1", "b", 5, 7],
    ["a", "", 0, 10],
  );
  assert.deepEqual(idsOf(trace), ["a", "c", "d", "b", "b1", "b2"]);
  assert.deepEqual([...trace.parents], [-1, 0, 0, 0, 3, 3]);
  assert.deepEqual([...trace.depths], [0, 1, 1, 1, 2, 2]);
  assert.deepEqual([...trace.subtreeEnds], [6, 2, 3, 6, 5, 6]);
  assert.deepEqual([...trace.marks], [0, 0, 0, 0, 0, 0]);
  assert.deepEqual([trace.durationNano, trace.startUnixNano], [10, START_UNIX_NANO]);
});

test("times are since the earliest start, also those of events", () => {
  const event = {
    name: "e",
    timeUnixNano: START_UNIX_NANO + 7n,
    timeNano: 0,
    attributes: [],
    droppedAttributesCount: 0,
  };
  const trace = makeTrace(["a", "", 5, 9, { events: [event] }], ["b", "a", 3, 6]);
  assert.deepEqual(
    trace.spans.map((span) => span.startNano),
    [2, 0],
  );
  assert.equal(trace.spans[0].events[0].timeNano, 4);
  assert.equal(trace.durationNano, 6);
});

test("no spans are a trace too", () => {
  const trace = buildTrace(TRACE_ID, [], false);
  assert.deepEqual([trace.spans, trace.services, trace.startUnixNano, trace.durationNano], [[], [], 0n, 1]);
  assert.equal(trace.isWhole, false);
});

test("a span whose parent is not here is a root with a mark", () => {
  const trace = makeTrace(["a", "gone", 0, 5], ["b", "a", 1, 2]);
  assert.deepEqual([marksOf(trace, "a"), marksOf(trace, "b"), trace.depths[1]], [Mark.ORPHAN, 0, 1]);
});

test("a span that is its own parent is a root", () => {
  const trace = makeTrace(["a", "a", 0, 5], ["b", "a", 1, 2]);
  assert.deepEqual(
    [idsOf(trace), [...trace.parents]],
    [
      ["a", "b"],
      [-1, 0],
    ],
  );
  assert.equal(marksOf(trace, "a"), Mark.CYCLE);
});

test("of a cycle the earliest span becomes the root, not an earlier one that hangs below", () => {
  const trace = makeTrace(["d", "b", 1, 9], ["a", "c", 5, 9], ["b", "a", 3, 9], ["c", "b", 4, 9]);
  assert.deepEqual(idsOf(trace), ["b", "d", "c", "a"]);
  assert.deepEqual([...trace.parents], [-1, 0, 0, 2]);
  assert.deepEqual([...trace.marks], [Mark.CYCLE, Mark.SKEWED, 0, 0]);
});

test("marks tell of clocks that differ and of ends that are missing", () => {
  const trace = makeTrace(
    ["a", "", 10, 20],
    ["early", "a", 9, 15],
    ["late", "a", 11, 21],
    ["open", "a", 12, null],
    ["reversed", "a", 13, 12],
    ["below", "open", 14, 90],
  );
  assert.equal(marksOf(trace, "early"), Mark.SKEWED);
  assert.equal(marksOf(trace, "late"), Mark.LATE);
  assert.equal(marksOf(trace, "open"), Mark.UNFINISHED);
  assert.equal(marksOf(trace, "reversed"), Mark.UNFINISHED);
  assert.equal(marksOf(trace, "below"), 0);
  assert.equal(marksOf(trace, "a"), 0);
});

test("a span without duration is finished, and a trace of it has one nanosecond", () => {
  const trace = makeTrace(["a", "", 0, 0]);
  assert.deepEqual([trace.marks[0], trace.durationNano], [0, 1]);
});

test("times are told apart where Numbers no longer do", () => {
  const far = 2 ** 53;
  const trace = makeTrace(
    ["a", "", 0, far],
    ["z", "a", far, far + 4],
    ["y", "a", far, null, { startUnixNano: START_UNIX_NANO + BigInt(far) + 1n }],
  );
  assert.equal(trace.spans[1].startNano, trace.spans[2].startNano);
  assert.deepEqual(idsOf(trace), ["a", "z", "y"]);
});

test("services come in the order of rows, and errors are counted", () => {
  const trace = makeTrace(
    ["c", "b", 2, 3, { service: "db", status: "ERROR" }],
    ["a", "", 0, 9, { service: "web", status: "ERROR" }],
    ["b", "a", 1, 8, { service: "api", status: "OK" }],
    ["d", "b", 4, 5, { service: "" }],
  );
  assert.deepEqual(trace.services, ["web", "api", "db", ""]);
  assert.equal(trace.errorCount, 2);
});

test("ancestors come from the root down to the parent", () => {
  const trace = makeTrace(["a", "", 0, 9], ["b", "a", 1, 8], ["c", "b", 2, 3], ["d", "a", 2, 3]);
  assert.deepEqual(ancestorsOf(trace, 2), [0, 1]);
  assert.deepEqual([ancestorsOf(trace, 0), ancestorsOf(trace, -1)], [[], []]);
});

test("any spans become a forest that holds each of them once", () => {
  forSeeds(400, (random) => {
    const spans = anySpans(random, Math.floor(random() * 30));
    const trace = buildTrace(TRACE_ID, spans, true);
    assert.deepEqual(idsOf(trace).sort(), spans.map((span) => span.spanId).sort());
    trace.spans.forEach((span, row) => checkRow(trace, row));
    assertSiblingsInOrder(trace);
  });
});

test("the order of arrival does not matter", () => {
  forSeeds(100, (random) => {
    const spans = anySpans(random, 20);
    const trace = buildTrace(TRACE_ID, spans, true);
    const shuffled = [...spans].sort((left, right) =>
      left.name + left.spanId < right.name + right.spanId ? 1 : -1,
    );
    assert.deepEqual(buildTrace(TRACE_ID, shuffled, true), trace);
  });
});

test("a chain of 100,000 spans needs no stack, and neither does a circle", () => {
  for (const first of ["", "99999"]) {
    const spans = Array.from({ length: 100000 }, (_, index) =>
      makeSpan(String(index), index === 0 ? first : String(index - 1), index, 200000 - index),
    );
    const trace = buildTrace(TRACE_ID, spans, true);
    assert.deepEqual([trace.depths[99999], trace.subtreeEnds[0]], [99999, 100000]);
    assert.equal(trace.marks[0], first === "" ? 0 : Mark.CYCLE);
    assert.equal(ancestorsOf(trace, 99999).length, 99999);
  }
});

/**
 * Check a row by the definitions, span by span.
 * @param {Trace} trace
 * @param {number} row
 */
function checkRow(trace, row) {
  const span = trace.spans[row];
  const parent = trace.parents[row];
  const hasMark = (/** @type {number} */ mark) => (trace.marks[row] & mark) !== 0;
  assert.ok(parent < row);
  assert.equal(trace.rowOf.get(span.spanId), row);
  if (parent < 0) {
    assert.equal(trace.depths[row], 0);
    assert.equal(hasMark(Mark.ORPHAN), span.parentSpanId !== "" && !trace.rowOf.has(span.parentSpanId));
    assert.equal(hasMark(Mark.CYCLE), isInCycle(trace, span.spanId));
  } else {
    assert.equal(trace.spans[parent].spanId, span.parentSpanId);
    assert.equal(trace.depths[row], trace.depths[parent] + 1);
    assert.equal(trace.marks[row] & (Mark.ORPHAN | Mark.CYCLE), 0);
    assert.equal(hasMark(Mark.SKEWED), span.startUnixNano < trace.spans[parent].startUnixNano);
  }
  const descendants = trace.spans
    .map((_, other) => other)
    .filter((other) => ancestorsOf(trace, other).includes(row));
  const expected = Array.from({ length: trace.subtreeEnds[row] - row - 1 }, (_, index) => row + 1 + index);
  assert.deepEqual(descendants, expected);
}

/**
 * @param {Trace} trace
 * @param {string} spanId
 */
function isInCycle(trace, spanId) {
  /** @param {string} id */
  const parentOf = (id) => trace.spans[trace.rowOf.get(id) ?? -1]?.parentSpanId ?? "";
  let at = parentOf(spanId);
  for (let step = 0; step < trace.spans.length; step += 1) {
    if (at === spanId) return true;
    at = parentOf(at);
  }
  return false;
}

/** @param {Trace} trace */
function assertSiblingsInOrder(trace) {
  for (const parent of new Set(trace.parents)) {
    const children = trace.spans.filter((_, row) => trace.parents[row] === parent);
    const sorted = [...children].sort(
      (left, right) => left.startNano - right.startNano || (left.spanId < right.spanId ? -1 : 1),
    );
    assert.deepEqual(children, sorted);
  }
}
