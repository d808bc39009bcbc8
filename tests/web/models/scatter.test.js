/** Points of the scatter plot, what is near to them and what a brush holds. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  durationAt,
  durationRange,
  durationTicks,
  nearest,
  scatterPoints,
} from "../../../web/model/scatter.js";
import { START_UNIX_NANO, forSeeds } from "./samples.js";

const SECOND = 1000000000n;

/** @param {number} seconds @param {number} durationNano */
const summary = (seconds, durationNano) => ({
  traceId: `${seconds} ${durationNano}`,
  rootName: "",
  rootService: "",
  services: [],
  spanCount: 1,
  errorCount: 0,
  durationNano,
  startTimeUnixNano: String(START_UNIX_NANO + BigInt(seconds) * SECOND),
});
const TIME = { from: START_UNIX_NANO, to: START_UNIX_NANO + 100n * SECOND };

test("time goes to the right and duration up, by its logarithm", () => {
  const traces = [summary(0, 1e3), summary(25, 1e6), summary(100, 1e9)];
  const points = scatterPoints(traces, TIME);
  assert.deepEqual(
    points.map(({ x }) => x),
    [0, 0.25, 1],
  );
  assert.deepEqual(
    points.map(({ y }) => Number(y.toFixed(12))),
    [0, 0.5, 1],
  );
  assert.deepEqual(
    points.map(({ trace }) => trace),
    traces,
  );
});

test("traces that start outside of the time are left out", () => {
  assert.deepEqual(scatterPoints([summary(-1, 5), summary(101, 5)], TIME), []);
  assert.deepEqual(scatterPoints([], TIME), []);
});

test("a time without length has its traces at the left", () => {
  const points = scatterPoints([summary(0, 5), summary(1, 5)], {
    from: START_UNIX_NANO,
    to: START_UNIX_NANO,
  });
  assert.deepEqual(
    points.map(({ x }) => x),
    [0],
  );
});

test("the range is of powers of ten", () => {
  const rangeOf = (/** @type {number[]} */ ...durations) =>
    durationRange(durations.map((nano) => summary(0, nano)));
  assert.deepEqual(rangeOf(), { from: 1e6, to: 1e9 });
  assert.deepEqual(rangeOf(5), { from: 1, to: 10 });
  assert.deepEqual(rangeOf(0), { from: 1, to: 10 });
  assert.deepEqual(rangeOf(1000), { from: 1000, to: 10000 });
  assert.deepEqual(rangeOf(999, 1000), { from: 100, to: 1000 });
  assert.deepEqual(rangeOf(2e6, 1.5e9), { from: 1e6, to: 1e10 });
});

test("ticks are powers of ten with their names", () => {
  const found = durationTicks({ from: 1e5, to: 1e8 });
  assert.deepEqual(
    found.map(({ label }) => label),
    ["100 µs", "1 ms", "10 ms", "100 ms"],
  );
  assert.deepEqual(
    found.map(({ y }) => Number(y.toFixed(12))),
    [0, 0.333333333333, 0.666666666667, 1],
  );
});

test("a height is the duration that stands there", () => {
  const range = { from: 1e3, to: 1e9 };
  assert.deepEqual(
    [0, 0.5, 1].map((y) => Math.round(durationAt(y, range))),
    [1e3, 1e6, 1e9],
  );
});

test("near is what looks near", () => {
  const points = [
    { x: 0.5, y: 0.5, trace: summary(1, 1) },
    { x: 0.6, y: 0.9, trace: summary(2, 2) },
  ];
  assert.equal(nearest(points, 0.6, 0.6), points[0]);
  assert.equal(nearest(points, 0.6, 0.6, 10), points[1]);
  assert.equal(nearest([], 0.5, 0.5), null);
});

test("any traces are in the plot, and each point is the nearest to itself", () => {
  forSeeds(200, (random) => {
    const traces = Array.from({ length: 20 }, () =>
      summary(Math.floor(random() * 100), Math.floor(10 ** (random() * 12))),
    );
    const points = scatterPoints(traces, TIME);
    assert.equal(points.length, traces.length);
    const range = durationRange(traces);
    for (const point of points) {
      assert.ok(point.y >= 0 && point.y <= 1);
      const near = nearest(points, point.x, point.y);
      assert.deepEqual([near?.x, near?.y], [point.x, point.y]);
      assert.ok(Math.abs(durationAt(point.y, range) / Math.max(1, point.trace.durationNano) - 1) < 1e-9);
    }
  });
});
