/** Filters: the URL and back, the API's parameters, and words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EMPTY_FILTERS,
  describe,
  filtersFromParameters,
  parametersOf,
  queryOf,
} from "../../../web/model/filters.js";
import { forSeeds } from "./samples.js";

const NOW_MS = 1767225600123;
/** @param {Partial<import("../../../web/model/types.js").Filters>} some */
const filtersOf = (some) => ({ ...EMPTY_FILTERS, ...some });

test("a URL is read and written again", () => {
  const text =
    "service=a+b&name=GET+%2F&status=error&minDuration=5ms&maxDuration=1s" +
    "&start=-1h&end=x&link=ab&attr=k%3Dv&attr=k%3E5";
  const filters = filtersFromParameters(new URLSearchParams(text));
  assert.deepEqual(filters, {
    service: "a b",
    name: "GET /",
    status: "error",
    minDuration: "5ms",
    maxDuration: "1s",
    attr: ["k=v", "k>5"],
    start: "-1h",
    end: "x",
    link: "ab",
  });
  assert.deepEqual(filtersFromParameters(parametersOf(filters)), filters);
});

test("nothing asked for is an empty text", () => {
  assert.equal(parametersOf(EMPTY_FILTERS).toString(), "");
  assert.deepEqual(
    filtersFromParameters(new URLSearchParams("attr=&service=&token=x&limit=5")),
    EMPTY_FILTERS,
  );
});

test("any texts survive the URL", () => {
  forSeeds(200, (random) => {
    const text = () => String.fromCharCode(...Array.from({ length: 5 }, () => Math.floor(random() * 0xd7ff)));
    const filters = filtersOf({ service: text(), name: text(), attr: [text(), text()], start: text() });
    const again = filtersFromParameters(new URLSearchParams(parametersOf(filters).toString()));
    assert.deepEqual(again, filters);
  });
});

test("the page's list of filters cannot be changed", () => {
  assert.throws(() => Object.assign(EMPTY_FILTERS, { service: "x" }), TypeError);
  filtersFromParameters(new URLSearchParams("attr=a")).attr.push("b");
  assert.deepEqual(EMPTY_FILTERS.attr, []);
});

test("times before now become nanoseconds, others stay", () => {
  const query = (/** @type {string} */ start) => queryOf(filtersOf({ start }), NOW_MS).get("start");
  assert.equal(query("-1h"), "1767222000123000000");
  assert.equal(query("-1.5s"), "1767225598623000000");
  assert.equal(query("-7d"), "1766620800123000000");
  assert.equal(query("-99999d"), "0");
  assert.equal(query("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z");
  assert.equal(query("1767222000000000000"), "1767222000000000000");
  assert.equal(query("-soon"), "-soon");
  assert.equal(query(""), null);
});

test("filters in words", () => {
  assert.equal(describe(EMPTY_FILTERS), "all traces");
  assert.equal(
    describe(
      filtersOf({
        service: "checkout",
        status: "error",
        minDuration: "250ms",
        attr: ["a=b", "c exists"],
        start: "-2h",
      }),
    ),
    "checkout, errors, at least 250ms, a=b, c exists, the last 2 hours",
  );
  assert.equal(describe(filtersOf({ start: "-1h" })), "the last hour");
  assert.equal(describe(filtersOf({ start: "-1.5h" })), "the last 1.5h");
  assert.equal(
    describe(filtersOf({ start: "-2h", end: "-1h", name: "GET /", maxDuration: "1s" })),
    "GET /, at most 1s, from -2h, until -1h",
  );
  assert.equal(
    describe(filtersOf({ end: "2026-01-01T00:00:00Z", link: "ab" })),
    "linked to ab, until 2026-01-01T00:00:00Z",
  );
});
