/** Self times, by hand and against counting nanosecond by nanosecond. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { selfTimes } from "../../../web/model/self-time.js";
import { anyTrace, forSeeds, makeTrace } from "./samples.js";

test("what children cover together is not a span's own", () => {
  const trace = makeTrace(
    ["a", "", 0, 100],
    ["b", "a", 10, 30],
    ["c", "a", 20, 40],
    ["d", "a", 35, 38],
    ["e", "a", 60, 70],
    ["f", "b", 12, 30],
  );
  assert.deepEqual([...selfTimes(trace)], [60, 2, 18, 20, 3, 10]);
});

test("children count only while their parent runs", () => {
  const trace = makeTrace(
    ["p", "", 0, 200],
    ["a", "p", 50, 100],
    ["early", "a", 20, 60],
    ["late", "a", 90, 150],
    ["out", "a", 110, 120],
  );
  assert.equal(selfTimes(trace)[trace.rowOf.get("a") ?? -1], 30);
});

test("unfinished spans have no time of their own and cover nothing", () => {
  const trace = makeTrace(["a", "", 0, 100], ["open", "a", 10, null], ["b", "open", 20, 30]);
  assert.deepEqual([...selfTimes(trace)], [100, 0, 10]);
});

test("any trace has the times that counting gives", () => {
  forSeeds(300, (random) => {
    const trace = anyTrace(random, Math.floor(random() * 25));
    const covers = (/** @type {number} */ row, /** @type {number} */ nano) => {
      const { startNano, durationNano } = trace.spans[row];
      return nano >= startNano && nano < startNano + durationNano;
    };
    const expected = trace.spans.map((_, row) => {
      const children = trace.spans.map((__, other) => other).filter((other) => trace.parents[other] === row);
      let count = 0;
      for (let nano = 0; nano < 100; nano += 1) {
        if (covers(row, nano) && !children.some((child) => covers(child, nano))) count += 1;
      }
      return count;
    });
    assert.deepEqual([...selfTimes(trace)], expected);
  });
});
