/** What people read: durations, times, counts; and text that tries to deceive them. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  exactNano,
  formatCount,
  formatDuration,
  formatRelative,
  formatTime,
  parseDuration,
  printable,
} from "../../../web/model/formats.js";
import { forSeeds } from "./samples.js";

const SECOND = 1e9;
const NOW_MS = 1767225600000;
const NOW_UNIX_NANO = BigInt(NOW_MS) * 1000000n;

test("durations have three digits and a unit, above a minute two units", () => {
  const cases = /** @type {[number, string][]} */ ([
    [0, "0 ns"],
    [999, "999 ns"],
    [1000, "1 µs"],
    [1234, "1.23 µs"],
    [12345, "12.3 µs"],
    [123456, "123 µs"],
    [999499, "999 µs"],
    [999999, "1 ms"],
    [1500000, "1.5 ms"],
    [250000000, "250 ms"],
    [999999999, "1 s"],
    [1230000000, "1.23 s"],
    [59400000000, "59.4 s"],
    [59999999999, "1 m 00 s"],
    [61 * SECOND, "1 m 01 s"],
    [3599.6 * SECOND, "1 h 00 m"],
    [3723 * SECOND, "1 h 02 m"],
    [90000 * SECOND, "1 d 01 h"],
    [-1500, "-1.5 µs"],
    [NaN, "–"],
    [Infinity, "–"],
  ]);
  for (const [nano, text] of cases) assert.equal(formatDuration(nano), text);
});

test("any duration is short", () => {
  forSeeds(2000, (random) => {
    const text = formatDuration(Math.floor(10 ** (random() * 16)));
    assert.match(text, /^([0-9.]{1,4} (ns|µs|ms|s)|[0-9]+ [mhd] [0-9]{2} [smh])$/);
  });
});

test("counts are exact while they are small", () => {
  const cases = /** @type {[number, string][]} */ ([
    [0, "0"],
    [999, "999"],
    [1234, "1,234"],
    [9999, "9,999"],
    [10000, "10k"],
    [12345, "12.3k"],
    [999499, "999k"],
    [999999, "1M"],
    [12345678, "12.3M"],
    [5e9, "5G"],
  ]);
  for (const [count, text] of cases) assert.equal(formatCount(count), text);
});

test("exact nanoseconds have all digits", () => {
  assert.equal(exactNano(0), "0 ns");
  assert.equal(exactNano(1234567), "1,234,567 ns");
  assert.equal(exactNano(18446744073709551615n), "18,446,744,073,709,551,615 ns");
  assert.equal(exactNano(-1234), "-1,234 ns");
});

test("times have the digits that are asked for", () => {
  const moment = NOW_UNIX_NANO + 3723123456789n;
  assert.equal(formatTime(moment, "utc"), "01:02:03.123");
  assert.equal(formatTime(moment, "utc", { precision: 0 }), "01:02:03");
  assert.equal(formatTime(moment, "utc", { precision: 6 }), "01:02:03.123456");
  assert.equal(formatTime(moment, "utc", { precision: 9, withDate: true }), "2026-01-01 01:02:03.123456789");
  assert.equal(formatTime(0n, "utc", { withDate: true }), "1970-01-01 00:00:00.000");
  assert.equal(
    formatTime(18446744073709551615n, "utc", { withDate: true, precision: 9 }),
    "2554-07-21 23:34:33.709551615",
  );
  assert.equal(formatTime(10n ** 30n, "utc"), `${exactNano(10n ** 30n)}`);
});

test("local time is that of the zone at that moment", () => {
  const before = process.env.TZ;
  try {
    process.env.TZ = "Europe/Berlin";
    assert.equal(formatTime(NOW_UNIX_NANO, "local", { withDate: true }), "2026-01-01 01:00:00.000");
    const summer = BigInt(Date.UTC(2026, 6, 1, 22, 30)) * 1000000n;
    assert.equal(formatTime(summer, "local", { withDate: true, precision: 0 }), "2026-07-02 00:30:00");
    process.env.TZ = "Asia/Kolkata";
    assert.equal(formatTime(NOW_UNIX_NANO, "local", { withDate: true, precision: 0 }), "2026-01-01 05:30:00");
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test("how long ago, in the largest unit", () => {
  const cases = /** @type {[number, string][]} */ ([
    [0, "just now"],
    [1, "1 s ago"],
    [59, "59 s ago"],
    [60, "1 min ago"],
    [7199, "1 h ago"],
    [200000, "2 d ago"],
    [-5, "in 5 s"],
  ]);
  for (const [seconds, text] of cases) {
    assert.equal(formatRelative(NOW_UNIX_NANO - BigInt(seconds) * 1000000000n, NOW_MS), text);
  }
});

test("what is not seen or reorders text stands as its code", () => {
  const cases = [
    ["plain é 漢字 😀", "plain é 漢字 😀"],
    ["a\u0000b\u001b[31m\u007f\u009b", "a\\u0000b\\u001b[31m\\u007f\\u009b"],
    ["abc\u202exe.gpj\u2066\u200f\u061c", "abc\\u202exe.gpj\\u2066\\u200f\\u061c"],
    ["zero\u200bwidth\ufeff\u00ad", "zero\\u200bwidth\\ufeff\\u00ad"],
    ["half \ud800 and \udfff", "half \\ud800 and \\udfff"],
    ["tag \u{e0041}", "tag \\u{e0041}"],
    ["a\u2028b\u2029c", "a\\u2028b\\u2029c"],
    ["lines\n\tand\r\nthese\rnot", "lines\n\tand\r\nthese\\u000dnot"],
    ["👩\u200d💻", "👩\u200d💻"],
    ["<script>", "<script>"],
  ];
  for (const [text, shown] of cases) assert.equal(printable(text), shown);
});

test("no control, no bidi control and no lone surrogate is left of all that there are", () => {
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const character = String.fromCodePoint(code);
    const isLine = character === "\t" || character === "\n";
    if (/\p{Cc}|\p{Cs}|\p{Bidi_Control}/u.test(character) && !isLine)
      assert.match(printable(character), /^\\u[0-9a-f]{4}$/);
    else if (/\p{L}|\p{N}|\p{P}|\p{S}/u.test(character) && !isFiller(code))
      assert.equal(printable(character), character);
  }
});

/** @param {number} code of letters that are blank */
const isFiller = (code) => [0x115f, 0x1160, 0x3164, 0xffa0].includes(code);

test("any UTF-16 becomes well-formed, without a bidi control, and does so once", () => {
  forSeeds(300, (random) => {
    const units = Array.from({ length: 50 }, () => Math.floor(random() * (random() < 0.5 ? 0x300 : 0x10000)));
    const shown = printable(String.fromCharCode(...units));
    assert.ok(shown.isWellFormed());
    assert.doesNotMatch(shown, /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\p{Bidi_Control}/u);
    assert.equal(printable(shown), shown);
  });
});

test("durations are read as the API reads them", () => {
  const cases = /** @type {[string, number | null][]} */ ([
    ["250ms", 250e6],
    ["1.5s", 1.5e9],
    ["1.1ms", 1100000],
    ["0.3us", 300],
    ["5µs", 5000],
    ["5μs", 5000],
    ["2m", 120e9],
    ["1h", 3600e9],
    ["7ns", 7],
    ["1.9ns", 1],
    ["0ms", 0],
    ["", null],
    ["5", null],
    ["ms", null],
    ["-1s", null],
    ["1 s", null],
    ["1.s", null],
    ["1e3ms", null],
    ["5d", null],
    ["999999999999h", null],
  ]);
  for (const [text, nano] of cases) assert.equal(parseDuration(text), nano, text);
});
