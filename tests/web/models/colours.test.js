/** Colours of services: stable, and different while there are enough. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceColour } from "../../../web/model/colours.js";
import { forSeeds } from "./samples.js";

const SHOP = [
  "cart",
  "checkout",
  "currency",
  "email",
  "frontend",
  "payment",
  "product-catalog",
  "recommendation",
  "shipping",
];

test("a service has the same colour every day", () => {
  assert.deepEqual(
    SHOP.map((service) => serviceColour(service)),
    [8, 0, 4, 0, 4, 3, 12, 11, 11],
  );
});

test("up to sixteen services that are shown together differ", () => {
  forSeeds(300, (random) => {
    const services = Array.from({ length: 16 }, () => `service-${Math.floor(random() * 1000)}`);
    const distinct = [...new Set(services)];
    const colours = distinct.map((service) => serviceColour(service, services));
    assert.equal(new Set(colours).size, distinct.length);
    assert.ok(colours.every((colour) => Number.isInteger(colour) && colour >= 0 && colour <= 15));
  });
});

test("beside others a service keeps its colour unless one before it in the alphabet has it", () => {
  assert.deepEqual(
    SHOP.map((service) => serviceColour(service, SHOP)),
    [8, 0, 4, 1, 5, 3, 12, 11, 13],
  );
});

test("the order of services does not matter", () => {
  const reversed = [...SHOP].reverse();
  for (const service of SHOP) assert.equal(serviceColour(service, SHOP), serviceColour(service, reversed));
});

test("above sixteen the colours are used evenly", () => {
  const services = Array.from({ length: 40 }, (_, index) => `s${index}`);
  const counts = new Array(16).fill(0);
  for (const service of services) counts[serviceColour(service, services)] += 1;
  assert.ok(
    counts.every((count) => count === 2 || count === 3),
    String(counts),
  );
});

test("a service that is not among the others, and any text, has a colour", () => {
  for (const service of ["", "\ud800", "漢字", "x".repeat(100000)]) {
    assert.equal(serviceColour(service, SHOP), serviceColour(service));
  }
});
