/** The list of one search: pages, live traces, what is asked for again, interruptions. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import { range, secondsOf, traceAt, fakeApi } from "./traces.js";

// What the modules find in a browser when they are loaded.
globalThis.window = { location: { hash: "" }, addEventListener() {} };
const { openTraceList } = await import("../../../web/views/list/trace-list.js");
const { EMPTY_FILTERS } = await import("../../../web/model/filters.js");
const NOW_MS = Number(BigInt(traceAt(1_000).startTimeUnixNano) / 1_000_000n);

function open(stored, filters = {}) {
  const api = fakeApi(stored);
  const frames = [];
  let listeners;
  let isStopped = false;
  const list = openTraceList(
    {
      api,
      watch(_filters, given) {
        listeners = given;
        return () => {
          isStopped = true;
        };
      },
      nextFrame: (task) => frames.push(task),
      nowMs: () => NOW_MS,
    },
    { ...EMPTY_FILTERS, ...filters },
  );
  const nextFrame = () => frames.splice(0).forEach((task) => task());
  return {
    api,
    list,
    frames,
    nextFrame,
    get listeners() {
      return listeners;
    },
    get isStopped() {
      return isStopped;
    },
    get rows() {
      return secondsOf(list.state.get().feed.rows);
    },
    get waiting() {
      return secondsOf(list.state.get().feed.waiting);
    },
    /** A trace is stored and announced. */
    arrive(trace) {
      stored.push(trace);
      listeners.onTrace(trace);
    },
    async live() {
      await settled();
      listeners.onState("live");
      await settled();
    },
  };
}

const stored = (last, first) => range(last, first).map((second) => traceAt(second));

test("pages follow each other", async () => {
  const opened = open(stored(250, 1));
  assert.equal(opened.list.state.get().phase, "loading");
  await settled();
  assert.equal(opened.list.state.get().phase, "ready");
  assert.deepEqual(opened.rows, range(250, 151));
  await Promise.all([opened.list.loadOlder(), opened.list.loadOlder()]);
  assert.deepEqual(opened.rows, range(250, 51));
  await opened.list.loadOlder();
  assert.deepEqual(opened.rows, range(250, 1));
  assert.equal(opened.list.state.get().feed.older, null);
  await opened.list.loadOlder();
  assert.equal(opened.api.asked.length, 3);
});

test("a page that cannot be read says why, and is read when it is asked for again", async () => {
  const opened = open(stored(150, 1));
  await settled();
  opened.api.failNext(1);
  await opened.list.loadOlder();
  assert.equal(opened.list.state.get().error.message, "no answer");
  assert.equal(opened.rows.length, 100);
  await opened.list.loadOlder();
  assert.equal(opened.list.state.get().error, null);
  assert.equal(opened.rows.length, 150);
});

test("a first page that cannot be read is a failure", async () => {
  const api = fakeApi([]);
  api.failNext(1);
  const list = openTraceList(
    { api, watch: () => () => {}, nextFrame() {}, nowMs: () => NOW_MS },
    { ...EMPTY_FILTERS },
  );
  await settled();
  assert.equal(list.state.get().phase, "failed");
});

test("live traces are shown once a frame, the last state of each", async () => {
  const opened = open(stored(2, 1));
  await opened.live();
  const changes = mock.fn();
  opened.list.state.subscribe(changes);
  for (let spanCount = 1; spanCount <= 50; spanCount += 1) opened.arrive(traceAt(3, { spanCount }));
  opened.arrive(traceAt(4));
  assert.equal(opened.frames.length, 1);
  assert.equal(changes.mock.callCount(), 0);
  opened.nextFrame();
  assert.equal(changes.mock.callCount(), 1);
  assert.deepEqual(opened.rows, [4, 3, 2, 1]);
  assert.equal(opened.list.state.get().feed.rows[1].spanCount, 50);
});

test("without frames, as in the background, traces do not pile up", async () => {
  const opened = open([]);
  await opened.live();
  for (let second = 1; second <= 5_000; second += 1) opened.listeners.onTrace(traceAt(second));
  assert.deepEqual(opened.rows, range(5_000, 4_501));
  assert.equal(opened.frames.length, 1);
});

test("what was stored between the first page and the watching is not missed", async () => {
  const traces = stored(2, 1);
  const opened = open(traces);
  await settled();
  traces.push(traceAt(3));
  await opened.live();
  assert.deepEqual(opened.rows, [3, 2, 1]);
  assert.equal(opened.api.asked[1].start, String(BigInt(traceAt(2).startTimeUnixNano) - 60_000_000_000n));
});

test("what came while the connection was lost is read from the list", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const traces = stored(2, 1);
  const opened = open(traces);
  await opened.live();
  opened.listeners.onState("lost");
  traces.push(...stored(130, 3));
  mock.timers.tick(2_000);
  await settled();
  opened.listeners.onState("live");
  opened.listeners.onReconnected();
  for (let turn = 0; turn < 5; turn += 1) await settled();
  assert.deepEqual(opened.rows, range(130, 1));
  mock.timers.reset();
});

test("more than can be shown after an interruption is a new beginning, and older ones follow", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const traces = stored(2, 1);
  const opened = open(traces);
  await opened.live();
  traces.push(...stored(900, 3));
  mock.timers.tick(2_000);
  await settled();
  opened.listeners.onMissed(898);
  for (let turn = 0; turn < 20; turn += 1) await settled();
  assert.deepEqual(opened.rows, range(900, 401));
  await opened.list.loadOlder();
  // The page begins with the last row that is there.
  assert.deepEqual(opened.rows, range(900, 302));
  mock.timers.reset();
});

test("a failure while a gap is filled is tried again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const traces = stored(2, 1);
  const opened = open(traces);
  await settled();
  traces.push(traceAt(3));
  opened.api.failNext(1);
  await opened.live();
  assert.deepEqual(opened.rows, [2, 1]);
  mock.timers.tick(2_000);
  for (let turn = 0; turn < 5; turn += 1) await settled();
  assert.deepEqual(opened.rows, [3, 2, 1]);
  mock.timers.reset();
});

test("a search by attributes asks the API, at most every two seconds, from the earliest new trace on", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const opened = open(stored(2, 1), { attr: ["a=1"] });
  await opened.live();
  mock.timers.tick(2_000);
  await settled();
  const before = opened.api.asked.length;
  for (let second = 10; second < 60; second += 1) {
    opened.arrive(traceAt(second));
    opened.nextFrame();
  }
  for (let turn = 0; turn < 5; turn += 1) await settled();
  assert.equal(opened.api.asked.length, before + 1);
  mock.timers.tick(1_999);
  await settled();
  assert.equal(opened.api.asked.length, before + 1);
  mock.timers.tick(1);
  for (let turn = 0; turn < 5; turn += 1) await settled();
  assert.equal(opened.api.asked.length, before + 2);
  assert.equal(opened.api.asked.at(-1).start, traceAt(11).startTimeUnixNano);
  assert.deepEqual(opened.rows, [...range(59, 10), 2, 1]);
  mock.timers.reset();
});

test("a trace that is listed grows without a question", async () => {
  const opened = open(stored(2, 1), { attr: ["a=1"] });
  await opened.live();
  const before = opened.api.asked.length;
  opened.listeners.onTrace(traceAt(2, { spanCount: 9 }));
  opened.nextFrame();
  assert.equal(opened.list.state.get().feed.rows[0].spanCount, 9);
  assert.equal(opened.api.asked.length, before);
});

test("the longest duration and the times are judged here", async () => {
  const [start, end] = [traceAt(10).startTimeUnixNano, traceAt(20).startTimeUnixNano];
  const opened = open([], { maxDuration: "1ms", start, end });
  await opened.live();
  opened.listeners.onTrace(traceAt(9));
  opened.listeners.onTrace(traceAt(21));
  opened.listeners.onTrace(traceAt(15, { durationNano: 1_000_001 }));
  opened.listeners.onTrace(traceAt(16));
  opened.listeners.onTrace(traceAt(10));
  opened.nextFrame();
  assert.deepEqual(opened.rows, [16, 10]);
  opened.listeners.onTrace(traceAt(16, { spanCount: 2, durationNano: 2_000_000 }));
  opened.nextFrame();
  assert.deepEqual(opened.rows, [10]);
});

test("held rows stay where they are until they are let go, or those that wait are asked for", async () => {
  const opened = open(stored(2, 1));
  await opened.live();
  opened.list.hold(true);
  opened.arrive(traceAt(3));
  opened.nextFrame();
  assert.deepEqual([opened.rows, opened.waiting], [[2, 1], [3]]);
  opened.list.showWaiting();
  assert.deepEqual([opened.rows, opened.waiting], [[3, 2, 1], []]);
  opened.arrive(traceAt(4));
  opened.nextFrame();
  assert.deepEqual([opened.rows, opened.waiting], [[3, 2, 1], [4]]);
  opened.list.hold(false);
  assert.deepEqual([opened.rows, opened.waiting], [[4, 3, 2, 1], []]);
});

test("an empty list holds nothing back", async () => {
  const opened = open([]);
  await opened.live();
  opened.list.hold(true);
  opened.arrive(traceAt(1));
  opened.nextFrame();
  assert.deepEqual(opened.rows, [1]);
});

test("a list that was stopped shows and asks nothing more", async () => {
  const opened = open(stored(2, 1));
  await opened.live();
  opened.listeners.onTrace(traceAt(3));
  opened.list.stop();
  opened.nextFrame();
  assert.ok(opened.isStopped);
  assert.deepEqual(opened.rows, [2, 1]);
});
