/** The rows of the list: order, growth, what waits, and the bounds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  byNewest,
  compareStarts,
  EMPTY_FEED,
  MAX_LIVE_ROWS,
  onlyWith,
} from "../../../web/views/list/feed.js";
import { withJump, withPage, withTraces, withWaiting } from "../../../web/views/list/feed.js";
import { range, secondsOf, traceAt } from "./traces.js";

const page = (seconds, older = null) =>
  withPage(
    EMPTY_FEED,
    seconds.map((second) => traceAt(second)),
    older,
  );

test("starts are compared as numbers, whatever their length", () => {
  assert.ok(compareStarts("9", "10") < 0);
  assert.ok(compareStarts("1790000000000000001", "1790000000000000000") > 0);
  assert.equal(compareStarts("5", "5"), 0);
  assert.ok(compareStarts("", "0") < 0);
});

test("traces of one start have an order too", () => {
  const a = traceAt(1, { traceId: "a" });
  const b = traceAt(1, { traceId: "b" });
  assert.deepEqual([a, b].sort(byNewest), [b, a]);
  assert.deepEqual([b, a].sort(byNewest), [b, a]);
});

test("new traces come on top, in order, and once", () => {
  const feed = withTraces(page([5, 3]), [traceAt(4), traceAt(9), traceAt(5)], false);
  assert.deepEqual(secondsOf(feed.rows), [9, 5, 4, 3]);
});

test("while the rows are held, new traces wait and known ones grow where they stand", () => {
  const grown = traceAt(3, { spanCount: 7, startTimeUnixNano: traceAt(99).startTimeUnixNano });
  let feed = withTraces(page([5, 3]), [traceAt(9), grown], true);
  assert.deepEqual(secondsOf(feed.rows), [5, 3]);
  assert.equal(feed.rows[1].spanCount, 7);
  assert.deepEqual(secondsOf(feed.waiting), [9]);
  feed = withTraces(feed, [traceAt(9, { spanCount: 4 }), traceAt(10)], true);
  assert.deepEqual(secondsOf(feed.waiting), [10, 9]);
  assert.equal(feed.waiting[1].spanCount, 4);
  feed = withWaiting(feed);
  assert.deepEqual(secondsOf(feed.rows), [3, 10, 9, 5]);
  assert.deepEqual(feed.waiting, []);
});

test("a state of a trace with fewer spans is an earlier one", () => {
  const later = withTraces(page([5]), [traceAt(5, { spanCount: 3 })], false);
  const feed = withTraces(later, [traceAt(5, { spanCount: 2 })], false);
  assert.equal(feed.rows[0].spanCount, 3);
});

test("what is older than the last row is left to its page, unless there is none", () => {
  assert.deepEqual(secondsOf(withTraces(page([5, 3], { cursor: "c" }), [traceAt(2)], false).rows), [5, 3]);
  assert.deepEqual(secondsOf(withTraces(page([5, 3]), [traceAt(2)], false).rows), [5, 3, 2]);
  assert.deepEqual(secondsOf(withTraces(page([], { cursor: "c" }), [traceAt(2)], false).rows), [2]);
});

test("live rows push out the oldest, which are read again from there", () => {
  let feed = page(range(MAX_LIVE_ROWS, 1));
  feed = withTraces(
    feed,
    range(MAX_LIVE_ROWS + 3, MAX_LIVE_ROWS + 1).map((second) => traceAt(second)),
    false,
  );
  assert.deepEqual(secondsOf(feed.rows), range(MAX_LIVE_ROWS + 3, 4));
  assert.deepEqual(feed.older, { end: traceAt(4).startTimeUnixNano });
});

test("rows that somebody has asked for stay until he is back at the top", () => {
  let feed = withPage(
    page(range(900, 501), { cursor: "c" }),
    range(500, 1).map((second) => traceAt(second)),
    null,
  );
  assert.equal(feed.rows.length, 900);
  feed = withTraces(feed, [traceAt(901)], true);
  assert.equal(feed.rows.length, 900);
  feed = withWaiting(feed);
  assert.deepEqual(secondsOf(feed.rows), range(901, 402));
});

test("more than can wait is lost, and then the rows are those that waited", () => {
  let feed = page([1]);
  for (let second = 2; second < 10_000; second += 1) feed = withTraces(feed, [traceAt(second)], true);
  assert.equal(feed.waiting.length, MAX_LIVE_ROWS);
  assert.ok(feed.hasLostWaiting);
  feed = withWaiting(feed);
  assert.deepEqual(secondsOf(feed.rows), range(9_999, 9_500));
  assert.deepEqual(feed.older, { end: traceAt(9_500).startTimeUnixNano });
  assert.ok(!feed.hasLostWaiting);
});

test("after a jump the list goes on below what was found", () => {
  const found = range(20, 11).map((second) => traceAt(second));
  assert.deepEqual(secondsOf(withJump(page([2, 1]), found, false).rows), range(20, 11));
  const held = withJump(page([2, 1]), found, true);
  assert.deepEqual(secondsOf(held.rows), [2, 1]);
  assert.deepEqual(secondsOf(withWaiting(held).rows), range(20, 11));
});

test("traces leave the rows and those that wait", () => {
  const feed = withTraces(page([5, 3]), [traceAt(9)], true);
  const left = onlyWith(feed, (trace) => !["5", "9"].includes(String(Number(trace.traceId))));
  assert.deepEqual([secondsOf(left.rows), secondsOf(left.waiting)], [[3], []]);
  assert.equal(
    onlyWith(feed, () => true),
    feed,
  );
});
