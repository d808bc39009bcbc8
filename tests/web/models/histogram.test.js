/** The latency histogram and percentiles. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { histogram, percentile } from "../../../web/model/histogram.js";
import { forSeeds } from "./samples.js";

/** @param {number} durationNano @param {number} [errorCount] */
const timed = (durationNano, errorCount = 0) => ({ durationNano, errorCount });
/** @param {number} number */
const rounded = (number) => Number(number.toPrecision(6));

test("buckets are equally wide on a logarithmic scale", () => {
  const buckets = histogram([timed(1), timed(5, 2), timed(10), timed(99), timed(100), timed(1000, 1)], 3);
  const shown = buckets.map(({ from, to, count, errors }) => [rounded(from), rounded(to), count, errors]);
  assert.deepEqual(shown, [
    [1, 10, 2, 1],
    [10, 100, 2, 0],
    [100, 1000, 2, 1],
  ]);
});

test("durations that are equal are in the middle", () => {
  const buckets = histogram([timed(1000), timed(1000)], 3);
  assert.deepEqual(
    buckets.map((bucket) => bucket.count),
    [0, 2, 0],
  );
  assert.deepEqual([rounded(buckets[0].from), rounded(buckets[2].to)], [707.107, 1414.21]);
});

test("a duration that is a bound is in the bucket above it, whatever its logarithm says", () => {
  assert.deepEqual(
    histogram([timed(1), timed(3), timed(9)], 2).map(({ count }) => count),
    [1, 2],
  );
  // The bound is 512.0000000000001 here.
  const buckets = histogram([timed(1), timed(512), timed(1024)], 10);
  assert.ok(buckets[9].from > 512);
  assert.deepEqual([buckets[8].count, buckets[9].count], [1, 1]);
});

test("a duration of 0 counts as one nanosecond", () => {
  assert.deepEqual(
    histogram([timed(0), timed(1), timed(4)], 2).map(({ count }) => count),
    [2, 1],
  );
});

test("no traces have no buckets", () => {
  assert.deepEqual(histogram([], 5), []);
});

test("any durations are counted once, in the bucket whose bounds they are in", () => {
  forSeeds(300, (random) => {
    const traces = Array.from({ length: 1 + Math.floor(random() * 50) }, () =>
      timed(Math.floor(10 ** (random() * 12)), random() < 0.3 ? 3 : 0),
    );
    const buckets = histogram(traces, 1 + Math.floor(random() * 20));
    buckets.forEach(({ from, to, count, errors }, index) => {
      const isLast = index === buckets.length - 1;
      const isFirst = index === 0;
      const inside = traces.filter(
        ({ durationNano }) => (durationNano >= from || isFirst) && (durationNano < to || isLast),
      );
      assert.equal(count, inside.length);
      assert.equal(errors, inside.filter(({ errorCount }) => errorCount > 0).length);
      if (!isFirst) assert.equal(from, buckets[index - 1].to);
    });
    const shortest = Math.min(...traces.map(({ durationNano }) => Math.max(1, durationNano)));
    assert.ok(buckets[0].from <= shortest * 1.000001);
  });
});

test("percentiles are values that occur, at the nearest rank", () => {
  const values = [15, 20, 35, 40, 50];
  assert.deepEqual(
    [0, 5, 30, 40, 50, 95, 100].map((p) => percentile(values, p)),
    [15, 15, 20, 20, 35, 50, 50],
  );
  assert.equal(percentile([7], 50), 7);
  assert.ok(Number.isNaN(percentile([], 50)));
  assert.equal(
    percentile(
      Array.from({ length: 100 }, (_, index) => index + 1),
      95,
    ),
    95,
  );
});

test("at least p percent of any values are not above their percentile, and fewer below", () => {
  forSeeds(300, (random) => {
    const sorted = Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
      Math.floor(random() * 20),
    ).sort((a, b) => a - b);
    const p = Math.floor(random() * 101);
    const value = percentile(sorted, p);
    assert.ok(sorted.filter((other) => other <= value).length * 100 >= p * sorted.length);
    assert.ok(p === 0 || sorted.filter((other) => other < value).length * 100 < p * sorted.length);
  });
});
