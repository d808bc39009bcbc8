/** What the search box suggests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { completionsOf, matching, traceIdOf, valueKeyOf } from "../../../web/views/list/completions.js";

const KEYS = ["http.route", "http.request.method", "route", "a=b", "ends!", " space"];
const VALUES = [
  { value: "/cart", count: 3 },
  { value: "/checkout", count: 2 },
  { value: "", count: 1 },
];
const labels = (options) => options.map(({ label }) => label);

test("the id of a trace, or a traceparent, is known as one", () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  assert.equal(traceIdOf(` ${id.toUpperCase()}\n`), id);
  assert.equal(traceIdOf(`00-${id}-b7ad6b7169203331-01`), id);
  for (const text of ["", id.slice(1), `${id}0`, `x=${id}`, `${id}=1`]) assert.equal(traceIdOf(text), "");
});

test("keys are suggested that can be asked for, those that begin so first", () => {
  assert.deepEqual(labels(completionsOf("", KEYS, [])), ["http.route", "http.request.method", "route"]);
  assert.deepEqual(labels(completionsOf("RO", KEYS, [])), ["route", "http.route"]);
  assert.deepEqual(completionsOf("meth", KEYS, []), [
    { value: "http.request.method ", label: "http.request.method", isPart: true },
  ]);
});

test("after a key come the operators", () => {
  const operators = ["=", "!=", ">", ">=", "<", "<=", "~", "exists"];
  assert.deepEqual(labels(completionsOf("http.route ", KEYS, [])), operators);
  assert.deepEqual(labels(completionsOf("route", KEYS, [])), [...operators, "http.route"]);
  const options = completionsOf("unknown ", KEYS, []);
  assert.deepEqual(options[1], {
    value: "unknown!=",
    label: "!=",
    hint: "is there, and not equal",
    isPart: true,
  });
  assert.deepEqual(options.at(-1), {
    value: "unknown exists",
    label: "exists",
    hint: "is there, whatever it is",
  });
});

test("after an operator come the values, the most frequent first", () => {
  assert.equal(valueKeyOf("http.route >= 5"), "http.route");
  assert.equal(valueKeyOf("http.route "), "");
  assert.deepEqual(completionsOf("http.route=", KEYS, VALUES), [
    { value: "http.route=/cart", label: "/cart", hint: "3×" },
    { value: "http.route=/checkout", label: "/checkout", hint: "2×" },
  ]);
  assert.deepEqual(completionsOf("http.route != OUT", KEYS, VALUES), [
    { value: "http.route !=/checkout", label: "/checkout", hint: "2×" },
  ]);
});

test("no more is suggested than can be looked through", () => {
  assert.equal(
    matching(
      Array.from({ length: 2_000 }, (_, index) => `key.${index}`),
      "key",
    ).length,
    50,
  );
});
