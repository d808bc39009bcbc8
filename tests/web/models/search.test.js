/** Search inside a trace. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { findSpans } from "../../../web/model/search.js";
import { makeTrace } from "./samples.js";

/** @typedef {import("../../../web/model/types.js").Attribute} Attribute */

/** @param {string} key @param {string} text @returns {Attribute} */
const attribute = (key, text) => ({ key, type: "string", text });
const resource = { attributes: [attribute("host.name", "Node-7")], schemaUrl: "" };
const event = {
  name: "cache Miss",
  timeUnixNano: 0n,
  timeNano: 0,
  attributes: [],
  droppedAttributesCount: 0,
};
const link = { traceId: "ab12", spanId: "cd34", traceState: "", attributes: [], droppedAttributesCount: 0 };

const TRACE = makeTrace(
  [
    "a1",
    "",
    0,
    9,
    {
      name: "GET /cart",
      service: "frontend",
      resource,
      attributes: [attribute("http.method", "GET"), attribute("http.status", "200")],
    },
  ],
  [
    "b2",
    "a1",
    1,
    8,
    {
      name: "SELECT carts",
      service: "database",
      status: "ERROR",
      statusMessage: "deadlock found",
      events: [event],
    },
  ],
  [
    "c3",
    "a1",
    2,
    7,
    {
      name: "get İtem",
      service: "cache",
      status: "OK",
      links: [link],
      attributes: [attribute("json", '{"a b":1}'), attribute("a", "x\ny")],
    },
  ],
);

/** @param {string} text */
const found = (text) =>
  TRACE.spans
    .filter((_, row) => findSpans(TRACE, text)[row])
    .map((span) => span.spanId)
    .join(" ");

test("a word is found in all that people see of a span", () => {
  assert.equal(found("cart"), "a1 b2");
  assert.equal(found("FRONTEND"), "a1");
  assert.equal(found("b2"), "b2");
  assert.equal(found("http.method"), "a1");
  assert.equal(found("200"), "a1");
  assert.equal(found("node-7"), "a1");
  assert.equal(found("miss"), "b2");
  assert.equal(found("ab12"), "c3");
  assert.equal(found("cd34"), "c3");
  assert.equal(found("deadlock"), "b2");
});

test("a status is found, but not that there is none", () => {
  assert.equal(found("error"), "b2");
  assert.equal(found("unset"), "");
});

test("key=value is found in an attribute of the span or its resource", () => {
  assert.equal(found("http.method=get"), "a1");
  assert.equal(found("method=GET"), "a1");
  assert.equal(found("host.name=node"), "a1");
  assert.equal(found("http.method=200"), "");
});

test("all words have to be there, in any order and place", () => {
  assert.equal(found("cart error"), "b2");
  assert.equal(found("  get   node-7 "), "a1");
  assert.equal(found("cart cache-hit"), "");
});

test("a phrase is in quotes, and a word does not go from one field to the next", () => {
  assert.equal(found('"get /cart"'), "a1");
  assert.equal(found('"cart get"'), "");
  assert.equal(found('{"a'), "c3");
  assert.equal(found('"a'), "c3");
  assert.equal(found('b":1}'), "c3");
});

test("no words find nothing", () => {
  for (const text of ["", "   ", "\n\t"]) assert.equal(found(text), "");
});

test("hostile texts are texts", () => {
  for (const text of [".*", "(", "[a-z", "\\", "\u0000", "\ud800", "$&", "x".repeat(100000)])
    assert.equal(found(text), "");
  assert.equal(findSpans(makeTrace(), "a").length, 0);
});
