/** The axes of the plots, and what a brush asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../../../web/model/formats.js";
import { clockTicks, durationText, timeSpanOf, timeText } from "../../../web/views/list/plot-scales.js";
import { startingAt, toUnixNano } from "../../../web/views/list/live-filters.js";
import { EMPTY_FILTERS } from "../../../web/model/filters.js";
import { BASE_NANO, traceAt } from "./traces.js";

const at = (text) => BigInt(Date.parse(text)) * 1_000_000n;

test("the time holds all starts, and a single one has some width", () => {
  const { from, to } = timeSpanOf([traceAt(10), traceAt(0), traceAt(5)]);
  assert.ok(from < BASE_NANO && to > BASE_NANO + 10_000_000_000n);
  const alone = timeSpanOf([traceAt(3)]);
  assert.ok(alone.to > alone.from);
  assert.ok(timeSpanOf([]).to > timeSpanOf([]).from);
});

test("ticks stand at round times of the clock", () => {
  const span = { from: at("2026-03-01T10:00:30Z"), to: at("2026-03-01T10:20:30Z") };
  const ticks = clockTicks(span, 5, "utc");
  assert.deepEqual(
    ticks.map(({ label }) => label),
    ["10:05", "10:10", "10:15", "10:20"],
  );
  assert.equal(ticks[0].x, 270 / 1200);
  const days = clockTicks({ from: at("2026-03-01T10:00:00Z"), to: at("2026-03-08T10:00:00Z") }, 8, "utc");
  assert.deepEqual(
    days.map(({ label }) => label),
    ["03-02", "03-03", "03-04", "03-05", "03-06", "03-07", "03-08"],
  );
  const short = clockTicks(
    { from: at("2026-03-01T10:00:00.000Z"), to: at("2026-03-01T10:00:00.040Z") },
    5,
    "utc",
  );
  assert.deepEqual(short.map(({ label }) => label).slice(0, 2), ["10:00:00.000", "10:00:00.010"]);
});

test("there are never many ticks, however long the time", () => {
  for (let seconds = 1; seconds < 1e10; seconds *= 3) {
    const span = { from: 0n, to: BigInt(seconds) * 1_000_000_000n };
    assert.ok(clockTicks(span, 6, "utc").length <= 7, String(seconds));
  }
});

test("durations are rounded outwards to what the API takes", () => {
  assert.equal(durationText(12_345_678, "down"), "12.3ms");
  assert.equal(durationText(12_345_678, "up"), "12.4ms");
  assert.equal(durationText(1e9, "up"), "1s");
  assert.equal(durationText(1.5e3, "down"), "1.5us");
  assert.equal(durationText(7.2, "up"), "8ns");
  assert.equal(durationText(0.3, "down"), "0ns");
  for (let nano = 1; nano < 1e15; nano *= 1.7) {
    assert.ok(parseDuration(durationText(nano, "down")) <= nano * (1 + 1e-9), String(nano));
    assert.ok(parseDuration(durationText(nano, "up")) >= nano * (1 - 1e-9), String(nano));
  }
});

test("times are rounded outwards to the millisecond", () => {
  assert.equal(timeText(1_790_000_000_123_456_789n, "down"), "2026-09-21T14:13:20.123Z");
  assert.equal(timeText(1_790_000_000_123_456_789n, "up"), "2026-09-21T14:13:20.124Z");
  assert.equal(timeText(1_790_000_000_123_000_000n, "up"), "2026-09-21T14:13:20.123Z");
});

test("times of a search are nanoseconds, or nothing", () => {
  assert.equal(toUnixNano("1790000000123456789"), "1790000000123456789");
  assert.equal(toUnixNano("2026-09-21T14:13:20.123Z"), "1790000000123000000");
  for (const text of ["", "soon", "-1h", "1e5"]) assert.equal(toUnixNano(text), "", text);
});

test("of two starts the later one is asked for", () => {
  const filters = { ...EMPTY_FILTERS, start: "-1h" };
  const nowMs = Number(BASE_NANO / 1_000_000n);
  const halfAnHourAgo = String(BASE_NANO - 1_800_000_000_000n);
  assert.equal(startingAt(filters, halfAnHourAgo, nowMs).start, halfAnHourAgo);
  assert.equal(startingAt(filters, String(BASE_NANO - 7_200_000_000_000n), nowMs).start, "-1h");
  assert.equal(startingAt(filters, "", nowMs).start, "-1h");
  assert.equal(startingAt({ ...EMPTY_FILTERS }, halfAnHourAgo, nowMs).start, halfAnHourAgo);
});
