/** Folds, matches and the part in sight. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsToDepth, visibleRows, windowOf } from "../../../web/model/rows.js";
import { ancestorsOf } from "../../../web/model/trace.js";
import { anyTrace, forSeeds, makeTrace } from "./samples.js";

// a { b { c { d } } e } f
const TRACE = makeTrace(
  ["a", "", 0, 90],
  ["b", "a", 1, 8],
  ["c", "b", 2, 7],
  ["d", "c", 3, 6],
  ["e", "a", 10, 20],
  ["f", "", 50, 60],
);

/** @param {Iterable<number>} rows */
const namesOf = (rows) => [...rows].map((row) => TRACE.spans[row].spanId).join("");
/** @param {string} ids */
const matching = (ids) => Uint8Array.from(TRACE.spans, (span) => (ids.includes(span.spanId) ? 1 : 0));

test("folded spans hide what is below them", () => {
  const shown = (/** @type {string} */ folded) => namesOf(visibleRows(TRACE, new Set(folded), null));
  assert.equal(shown(""), "abcdef");
  assert.equal(shown("b"), "abef");
  assert.equal(shown("c"), "abcef");
  assert.equal(shown("ac"), "af");
  assert.equal(shown("def"), "abcdef");
  assert.equal(shown("unknown"), "abcdef");
});

test("matches are shown with their ancestors, unless these are folded", () => {
  const shown = (/** @type {string} */ matches, folded = "") =>
    namesOf(visibleRows(TRACE, new Set(folded), matching(matches)));
  assert.equal(shown("d"), "abcd");
  assert.equal(shown("ef"), "aef");
  assert.equal(shown("b"), "ab");
  assert.equal(shown(""), "");
  assert.equal(shown("de", "b"), "abe");
  assert.equal(shown("abcdef"), "abcdef");
});

test("folding to a depth opens one level at a time", () => {
  assert.deepEqual([...rowsToDepth(TRACE, 0)], ["a", "b", "c"]);
  assert.deepEqual([...rowsToDepth(TRACE, 1)], ["b", "c"]);
  assert.deepEqual([...rowsToDepth(TRACE, 3)], []);
});

test("the window has a margin and stays inside", () => {
  assert.deepEqual(windowOf(0, 240, 24, 1000), [0, 15]);
  assert.deepEqual(windowOf(2400, 240, 24, 1000), [95, 115]);
  assert.deepEqual(windowOf(2411, 240, 24, 1000), [95, 116]);
  assert.deepEqual(windowOf(1e9, 240, 24, 1000), [1000, 1000]);
  assert.deepEqual(windowOf(-50, 240, 24, 5), [0, 5]);
  assert.deepEqual(windowOf(0, 240, 24, 0), [0, 0]);
});

test("any folds and matches show what the definition says", () => {
  forSeeds(300, (random) => {
    const trace = anyTrace(random, 1 + Math.floor(random() * 25));
    const folded = new Set([...rowsToDepth(trace, 0)].filter(() => random() < 0.3));
    const matches = random() < 0.3 ? null : Uint8Array.from(trace.spans, () => (random() < 0.3 ? 1 : 0));
    const isBelow = (/** @type {number} */ row, /** @type {number} */ top) =>
      row > top && row < trace.subtreeEnds[top];
    const expected = trace.spans
      .map((_, row) => row)
      .filter((row) => {
        const isKept =
          matches === null ||
          trace.spans.some((_, other) => matches[other] && (other === row || isBelow(other, row)));
        return (
          isKept && !ancestorsOf(trace, row).some((ancestor) => folded.has(trace.spans[ancestor].spanId))
        );
      });
    assert.deepEqual([...visibleRows(trace, folded, matches)], expected);
  });
});

test("no row is deeper than the depth that is folded to", () => {
  forSeeds(100, (random) => {
    const trace = anyTrace(random, 30);
    const depth = Math.floor(random() * 5);
    const rows = [...visibleRows(trace, rowsToDepth(trace, depth), null)];
    assert.deepEqual(
      rows,
      trace.spans.map((_, row) => row).filter((row) => trace.depths[row] <= depth),
    );
  });
});
