/** OTLP JSON to a trace: exact numbers, every type of value, and documents that are none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrace } from "../../../web/model/otlp.js";
import { TRACE_ID, forSeeds } from "./samples.js";

/** @typedef {Record<string, unknown>} JsonObject */

/**
 * @param {JsonObject[]} spans
 * @param {JsonObject} [resource]
 */
const documentOf = (spans, resource = {}) => ({
  resourceSpans: [
    {
      resource,
      scopeSpans: [{ scope: { name: "lib", version: "1.2" }, spans, schemaUrl: "scope-url" }],
      schemaUrl: "url",
    },
  ],
});
/** @param {unknown} value */
const attributeOf = (value) => {
  const span = { spanId: "a1", attributes: [{ key: "k", value }] };
  return readTrace(documentOf([span]), TRACE_ID).spans[0].attributes[0];
};

test("a span is read with everything that it has", () => {
  const service = { key: "service.name", value: { stringValue: "shop" } };
  const trace = readTrace(
    documentOf(
      [
        {
          traceId: TRACE_ID.toUpperCase(),
          spanId: "00F067AA0BA902B7",
          parentSpanId: "00F067AA0BA902B8",
          name: "GET /",
          kind: 2,
          startTimeUnixNano: "1767225600000000001",
          endTimeUnixNano: "1767225600000001001",
          attributes: [{ key: "n", value: { intValue: "5" } }],
          status: { code: 2, message: "no" },
          traceState: "a=b",
          flags: 257,
          droppedAttributesCount: 1,
          droppedEventsCount: 2,
          droppedLinksCount: 3,
          events: [
            { name: "later", timeUnixNano: "1767225600000000501" },
            { name: "first", timeUnixNano: "1767225600000000101", droppedAttributesCount: 4 },
          ],
          links: [
            { traceId: "AB", spanId: "CD", traceState: "c=d", attributes: [], droppedAttributesCount: 5 },
          ],
        },
      ],
      { attributes: [service] },
    ),
    TRACE_ID,
    false,
  );
  assert.equal(trace.isWhole, false);
  const attribute = { key: "service.name", type: "string", text: "shop" };
  assert.deepEqual(trace.spans[0], {
    spanId: "00f067aa0ba902b7",
    parentSpanId: "00f067aa0ba902b8",
    name: "GET /",
    service: "shop",
    kind: "SERVER",
    startUnixNano: 1767225600000000001n,
    endUnixNano: 1767225600000001001n,
    startNano: 0,
    durationNano: 1000,
    status: "ERROR",
    statusMessage: "no",
    attributes: [{ key: "n", type: "int", text: "5" }],
    resource: { attributes: [attribute], schemaUrl: "url" },
    scope: { name: "lib", version: "1.2", attributes: [], schemaUrl: "scope-url" },
    events: [
      {
        name: "first",
        timeUnixNano: 1767225600000000101n,
        timeNano: 100,
        attributes: [],
        droppedAttributesCount: 4,
      },
      {
        name: "later",
        timeUnixNano: 1767225600000000501n,
        timeNano: 500,
        attributes: [],
        droppedAttributesCount: 0,
      },
    ],
    links: [{ traceId: "ab", spanId: "cd", traceState: "c=d", attributes: [], droppedAttributesCount: 5 }],
    traceState: "a=b",
    flags: 257,
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 3,
  });
});

test("every type of value is text that says what it is", () => {
  const cases = /** @type {[JsonObject, string, string][]} */ ([
    [{ stringValue: "" }, "string", ""],
    [{ stringValue: "\u0000\ud800" }, "string", "\u0000\ud800"],
    [{ boolValue: false }, "bool", "false"],
    [{ intValue: "9223372036854775807" }, "int", "9223372036854775807"],
    [{ intValue: -3 }, "int", "-3"],
    [{ doubleValue: 1.5 }, "double", "1.5"],
    [{ doubleValue: "NaN" }, "double", "NaN"],
    [{ doubleValue: "-Infinity" }, "double", "-Infinity"],
    [{ bytesValue: "AAE=" }, "bytes", "AAE="],
    [{}, "empty", ""],
  ]);
  for (const [value, type, text] of cases) assert.deepEqual(attributeOf(value), { key: "k", type, text });
  for (const value of [undefined, null, 5, "x", [], { other: 1 }, { stringValue: 5 }, { arrayValue: null }]) {
    assert.deepEqual(attributeOf(value), { key: "k", type: "empty", text: "" });
  }
});

test("arrays and maps are JSON with all digits of their ints", () => {
  const values = [
    { stringValue: 'a"b' },
    { intValue: "9007199254740993" },
    { boolValue: true },
    { doubleValue: "NaN" },
    { doubleValue: 0.5 },
    { bytesValue: "AA==" },
    {},
    null,
    { intValue: "x" },
    { arrayValue: {} },
  ];
  const array = '["a\\"b",9007199254740993,true,"NaN",0.5,"AA==",null,null,"x",[]]';
  assert.deepEqual(attributeOf({ arrayValue: { values } }), { key: "k", type: "array", text: array });
  const pairs = [{ key: "x", value: { arrayValue: { values } } }, { key: "é" }, null];
  const map = `{"x":${array},"é":null,"":null}`;
  assert.deepEqual(attributeOf({ kvlistValue: { values: pairs } }), { key: "k", type: "map", text: map });
});

test("values that are nested without end are cut", () => {
  /** @type {JsonObject} */
  let value = { intValue: 1 };
  for (let depth = 0; depth < 50000; depth += 1) value = { arrayValue: { values: [value] } };
  assert.equal(attributeOf(value).text, `${"[".repeat(33)}"…"${"]".repeat(33)}`);
});

test("of two attributes with one key the later stays", () => {
  const attributes = [
    { key: "a", value: { stringValue: "1" } },
    { key: "b", value: { stringValue: "2" } },
    { key: "a", value: { stringValue: "3" } },
  ];
  const trace = readTrace(documentOf([{ spanId: "1", attributes }]), TRACE_ID);
  assert.deepEqual(
    trace.spans[0].attributes.map(({ key, text }) => key + text),
    ["a3", "b2"],
  );
});

test("of copies of a span that which ends last stays", () => {
  const copies = [{ end: "5" }, { end: "9" }, { end: "0" }, { end: "9" }].map(({ end }, index) => ({
    spanId: "aa",
    name: `copy ${index}`,
    startTimeUnixNano: "1",
    endTimeUnixNano: end,
  }));
  const trace = readTrace(documentOf(copies), TRACE_ID);
  assert.deepEqual(
    trace.spans.map((span) => span.name),
    ["copy 1"],
  );
});

test("spans of other traces and without an id are left out", () => {
  const spans = [
    { spanId: "1" },
    { spanId: "2", traceId: "ff" },
    { spanId: "" },
    {},
    { spanId: 5 },
    { spanId: "3", traceId: TRACE_ID },
  ];
  const trace = readTrace(documentOf(spans), TRACE_ID.toUpperCase());
  assert.deepEqual(
    trace.spans.map((span) => span.spanId),
    ["1", "3"],
  );
  assert.equal(trace.traceId, TRACE_ID);
});

test("times are exact as text, and 0 if they are none", () => {
  const cases = /** @type {[unknown, bigint][]} */ ([
    ["18446744073709551615", 18446744073709551615n],
    [5, 5n],
    ["", 0n],
    ["-1", 0n],
    ["1e3", 0n],
    [1.5, 0n],
    [-1, 0n],
    [NaN, 0n],
    [1e300, 0n],
    [null, 0n],
    [{}, 0n],
    ["٣", 0n],
  ]);
  for (const [value, expected] of cases) {
    const trace = readTrace(documentOf([{ spanId: "1", startTimeUnixNano: value }]), TRACE_ID);
    assert.equal(trace.spans[0].startUnixNano, expected, String(value));
  }
});

test("enums and counts that are not known are the default", () => {
  for (const value of [-1, 6, 99, 1.5, "x", null, {}, Infinity]) {
    const [span] = readTrace(
      documentOf([{ spanId: "1", kind: value, status: { code: value } }]),
      TRACE_ID,
    ).spans;
    assert.deepEqual([span.kind, span.status], ["UNSPECIFIED", "UNSET"]);
  }
  const [span] = readTrace(
    documentOf([{ spanId: "1", kind: "3", flags: "257", status: { code: "1" } }]),
    TRACE_ID,
  ).spans;
  assert.deepEqual([span.kind, span.status, span.flags], ["CLIENT", "OK", 257]);
});

test("an end before the start has no duration", () => {
  const [span] = readTrace(
    documentOf([{ spanId: "1", startTimeUnixNano: "9", endTimeUnixNano: "4" }]),
    TRACE_ID,
  ).spans;
  assert.deepEqual([span.durationNano, span.endUnixNano], [0, 4n]);
});

test("spans of one resource and scope share them", () => {
  const [left, right] = readTrace(documentOf([{ spanId: "1" }, { spanId: "2" }]), TRACE_ID).spans;
  assert.equal(left.resource, right.resource);
  assert.equal(left.scope, right.scope);
});

test("what is no document is an empty trace", () => {
  for (const document of [
    undefined,
    null,
    5,
    "x",
    [],
    {},
    { resourceSpans: 5 },
    { resourceSpans: [null, 5, {}] },
  ]) {
    assert.deepEqual(readTrace(document, TRACE_ID).spans, []);
  }
});

test("any JSON in any place is read without an error", () => {
  const odd = [null, 5, -1, "x", "", [], [null], {}, { values: 5 }, true, 1e300];
  forSeeds(300, (random) => {
    /** @param {unknown} value @returns {unknown} */
    const spoil = (value) => {
      if (random() < 0.08) return odd[Math.floor(random() * odd.length)];
      if (Array.isArray(value)) return value.map(spoil);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spoil(item)]));
    };
    const value = {
      kvlistValue: { values: [{ key: "a", value: { arrayValue: { values: [{ intValue: "1" }] } } }] },
    };
    const attributes = [
      { key: "service.name", value: { stringValue: "s" } },
      { key: "x", value },
    ];
    const spans = [0, 1, 2, 3].map((index) => ({
      traceId: TRACE_ID,
      spanId: `0${index}`,
      parentSpanId: "00",
      name: "n",
      kind: 1,
      startTimeUnixNano: "5",
      attributes,
      endTimeUnixNano: "9",
      events: [{ name: "e", timeUnixNano: "7", attributes }],
      links: [{ traceId: "a", attributes }],
      status: { code: 1 },
    }));
    const trace = readTrace(spoil(documentOf(spans, { attributes })), TRACE_ID);
    assert.ok(trace.spans.length <= 4);
    for (const span of trace.spans) {
      for (const { key, text } of [...span.attributes, ...span.resource.attributes]) {
        assert.deepEqual([typeof key, typeof text, typeof span.name], ["string", "string", "string"]);
      }
    }
  });
});
