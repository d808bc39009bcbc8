/** Lanes of the flame graph. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { flameLayout } from "../../../web/model/flame.js";
import { buildTrace } from "../../../web/model/trace.js";
import { TRACE_ID, anyTrace, forSeeds, makeSpan, makeTrace } from "./samples.js";

/** @param {import("../../../web/model/types.js").Trace} trace */
const lanesOf = (trace) =>
  flameLayout(trace)
    .map(({ row, depth }) => trace.spans[row].spanId + depth)
    .join(" ");

test("children are below their parents, those one after the other side by side", () => {
  const trace = makeTrace(
    ["a", "", 0, 100],
    ["b", "a", 10, 30],
    ["c", "a", 30, 90],
    ["d", "c", 40, 50],
    ["e", "b", 11, 12],
  );
  assert.equal(lanesOf(trace), "a0 b1 e2 c1 d2");
});

test("what runs at once takes the next free lane", () => {
  const trace = makeTrace(
    ["a", "", 0, 100],
    ["b", "a", 10, 50],
    ["c", "a", 20, 60],
    ["d", "b", 15, 18],
    ["e", "a", 55, 70],
    ["f", "b", 25, 30],
  );
  assert.equal(lanesOf(trace), "a0 b1 d2 f3 c2 e1");
});

test("roots share the first lane if their times allow it", () => {
  assert.equal(lanesOf(makeTrace(["a", "", 0, 10], ["b", "", 10, 20], ["c", "gone", 5, 15])), "a0 c1 b0");
});

test("a child that starts before its parent is below it too", () => {
  assert.equal(lanesOf(makeTrace(["a", "", 10, 20], ["b", "a", 5, 15], ["c", "b", 0, 3])), "a0 b1 c2");
});

test("spans without duration at one time are not on top of each other", () => {
  assert.equal(
    lanesOf(makeTrace(["a", "", 0, 9], ["b", "a", 5, 5], ["c", "a", 5, 5], ["d", "a", 6, null])),
    "a0 b1 c2 d1",
  );
});

test("bars have the times of their spans", () => {
  const bars = flameLayout(makeTrace(["a", "", 0, 9], ["b", "a", 5, null]));
  assert.deepEqual(bars, [
    { row: 0, depth: 0, from: 0, to: 9 },
    { row: 1, depth: 1, from: 5, to: 5 },
  ]);
  assert.deepEqual(flameLayout(makeTrace()), []);
});

test("in any trace no two bars overlap, and children are below their parents", () => {
  forSeeds(400, (random) => {
    const trace = anyTrace(random, Math.floor(random() * 40));
    const bars = flameLayout(trace);
    bars.forEach((bar, row) => {
      if (trace.parents[row] >= 0) assert.ok(bar.depth > bars[trace.parents[row]].depth);
      for (const other of bars.slice(0, row)) {
        const overlaps =
          bar.from < Math.max(other.to, other.from + 1) && other.from < Math.max(bar.to, bar.from + 1);
        assert.ok(bar.depth !== other.depth || !overlaps, `${row} and ${other.row}`);
      }
    });
  });
});

test("where no child starts before its parent, each lane is the first that was free", () => {
  forSeeds(200, (random) => {
    const spans = Array.from({ length: 30 }, (_, index) => {
      const start = index * 3 + Math.floor(random() * 3);
      const parent = Math.floor(random() * index);
      return makeSpan(
        String(index),
        index === 0 ? "" : String(parent),
        start,
        start + Math.floor(random() * 60),
      );
    });
    const trace = buildTrace(TRACE_ID, spans, true);
    const bars = flameLayout(trace);
    /** @type {number[][]} the ends in each lane */
    const lanes = [];
    for (const bar of [...bars].sort((left, right) => left.from - right.from)) {
      const parent = trace.parents[bar.row];
      let lane = parent < 0 ? 0 : bars[parent].depth + 1;
      while ((lanes[lane] ?? []).some((end) => end > bar.from)) lane += 1;
      assert.equal(bar.depth, lane);
      (lanes[lane] ??= []).push(Math.max(bar.to, bar.from + 1));
    }
  });
});

test("100,000 spans at once are 100,000 lanes, and a chain of them needs no stack", () => {
  for (const parentOf of [(/** @type {number} */ index) => String(index - 1), () => "0"]) {
    const spans = Array.from({ length: 100000 }, (_, index) =>
      makeSpan(String(index), index === 0 ? "" : parentOf(index), index, 300000 - index),
    );
    const bars = flameLayout(buildTrace(TRACE_ID, spans, true));
    assert.equal(bars[99999].depth, 99999);
  }
});
