/** Time to 0..1, zoom and pan, ticks. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeScale, ticks } from "../../../web/model/scale.js";
import { forSeeds } from "./samples.js";

/** @param {{start: number, end: number}} scale */
const rangeOf = (scale) => [scale.start, scale.end];
/** @param {number} actual @param {number} expected @param {number} within */
const assertNear = (actual, expected, within) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);

test("times are fractions of what is shown", () => {
  const scale = makeScale(100, 300);
  assert.deepEqual([100, 200, 300, 50, 400].map(scale.toFraction), [0, 0.5, 1, -0.25, 1.5]);
  assert.deepEqual([0, 0.5, 1, -0.25, 1.5].map(scale.toNano), [100, 200, 300, 50, 400]);
});

test("zooming keeps the time under the pointer", () => {
  assert.deepEqual(rangeOf(makeScale(0, 1000).zoomAt(0.5, 2)), [250, 750]);
  assert.deepEqual(rangeOf(makeScale(0, 1000).zoomAt(0, 4)), [0, 250]);
  assert.deepEqual(rangeOf(makeScale(0, 1000).zoomAt(1, 0.5)), [-1000, 1000]);
});

test("zooming ends at ten nanoseconds, or at what is shown already", () => {
  assert.deepEqual(rangeOf(makeScale(0, 1000).zoomAt(0.5, 1e6)), [495, 505]);
  assert.deepEqual(rangeOf(makeScale(0, 4).zoomAt(0.5, 1e6)), [0, 4]);
});

test("panning moves by parts of the width", () => {
  assert.deepEqual(rangeOf(makeScale(100, 300).panBy(0.5)), [200, 400]);
  assert.deepEqual(rangeOf(makeScale(100, 300).panBy(-1)), [-100, 100]);
});

test("clamping moves first, and shortens only what is too long", () => {
  assert.deepEqual(rangeOf(makeScale(-50, 50).clamp(0, 1000)), [0, 100]);
  assert.deepEqual(rangeOf(makeScale(950, 1050).clamp(0, 1000)), [900, 1000]);
  assert.deepEqual(rangeOf(makeScale(10, 20).clamp(0, 1000)), [10, 20]);
  assert.deepEqual(rangeOf(makeScale(-500, 5000).clamp(0, 1000)), [0, 1000]);
});

test("a range that is none is one nanosecond wide", () => {
  assert.deepEqual(rangeOf(makeScale(5, 5)), [5, 6]);
  assert.deepEqual(rangeOf(makeScale(5, 1)), [5, 6]);
  assert.deepEqual(rangeOf(makeScale(5, NaN)), [5, 6]);
});

test("any zooming and panning keeps the scale usable", () => {
  forSeeds(300, (random) => {
    const duration = 10 ** (random() * 15);
    let scale = makeScale(0, duration);
    for (let step = 0; step < 50; step += 1) {
      const fraction = random();
      const under = scale.toNano(fraction);
      const zoomed = scale.zoomAt(fraction, 2 ** (random() * 6 - 3));
      assertNear(zoomed.toNano(fraction), under, duration * 1e-9 + 1e-6);
      scale = zoomed.panBy(random() - 0.5).clamp(0, duration);
      assert.ok(
        scale.start >= 0 && scale.end <= duration * (1 + 1e-12) && scale.end > scale.start,
        String(rangeOf(scale)),
      );
      assertNear(scale.toFraction(scale.toNano(fraction)), fraction, 1e-3);
    }
  });
});

test("ticks are round, with labels of one precision and one unit", () => {
  const labels = (/** @type {[number, number, number]} */ ...range) =>
    ticks(...range)
      .map((tick) => tick.label)
      .join(" | ");
  assert.equal(labels(0, 1.3e6, 6), "0 | 0.5 ms | 1.0 ms");
  assert.equal(labels(0, 1000, 5), "0 | 0.2 µs | 0.4 µs | 0.6 µs | 0.8 µs | 1.0 µs");
  assert.equal(labels(0, 7, 10), "0 | 1 ns | 2 ns | 3 ns | 4 ns | 5 ns | 6 ns | 7 ns");
  assert.equal(labels(0, 12e9, 5), "0 | 5 s | 10 s");
  assert.equal(
    labels(1.234567e9, 1.234569e9, 4),
    "1.2345670 s | 1.2345675 s | 1.2345680 s | 1.2345685 s | 1.2345690 s",
  );
  assert.equal(labels(0, 130e9, 6), "0 | 30 s | 1 m 0 s | 1 m 30 s | 2 m 0 s");
  assert.equal(labels(3600e9, 3601e9, 2), "1 h 0 m 0.0 s | 1 h 0 m 0.5 s | 1 h 0 m 1.0 s");
  assert.equal(labels(0, 3600e9, 4), "0 | 15 m | 30 m | 45 m | 1 h 0 m");
  assert.equal(labels(0, 7e13, 5), "0 | 6 h | 12 h | 18 h");
  assert.equal(labels(0, 30 * 86400e9, 3), "0 | 240 h | 480 h | 720 h");
  assert.equal(labels(-2e6, 1e6, 3), "-2 ms | -1 ms | 0 | 1 ms");
  assert.equal(labels(-120e9, 0, 2), "-2 m | -1 m | 0");
});

test("where Numbers are too coarse, zooming ends sooner and ticks come to an end", () => {
  const far = 1.7e18;
  let scale = makeScale(far, far + 1e12);
  for (let step = 0; step < 60; step += 1) scale = scale.zoomAt(0.3, 2);
  const places = Array.from({ length: 1001 }, (_, pixel) => scale.toNano(pixel / 1000));
  assert.equal(new Set(places).size, 1001);
  for (const width of [1, 100, 500, 1e4, 1e7, 1e10]) assert.ok(ticks(far, far + width, 10).length <= 11);
});

test("a range that is none has no ticks", () => {
  assert.deepEqual([ticks(5, 5, 3), ticks(5, 1, 3), ticks(NaN, 5, 3)], [[], [], []]);
});

test("any range has ticks inside, evenly apart, not more than asked for, and labels that differ", () => {
  forSeeds(2000, (random) => {
    const start = random() < 0.3 ? 0 : random() * 10 ** (random() * 14);
    const end = start + Math.max(20, random() * 10 ** (random() * 15));
    const count = 1 + Math.floor(random() * 12);
    const found = ticks(start, end, count);
    assert.ok(found.length <= count + 1, `${found.length} ticks for ${count} from ${start} to ${end}`);
    assert.ok(
      found.length >= Math.floor(count / 3),
      `${found.length} ticks for ${count} from ${start} to ${end}`,
    );
    for (const { nano } of found) assert.ok(nano >= start && nano <= end);
    for (let index = 2; index < found.length; index += 1) {
      const [first, second, third] = found.slice(index - 2, index + 1).map((tick) => tick.nano);
      assertNear(third - second, second - first, (third - second) * 1e-6);
    }
    assert.equal(new Set(found.map((tick) => tick.label)).size, found.length, JSON.stringify(found));
  });
});
