/** Colours of services: the same in every view, and different while there are enough. */

import assert from "node:assert/strict";
import { test } from "node:test";
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
const SHOP_COLOURS = [8, 0, 4, 1, 5, 3, 12, 11, 13];

let pages = 0;

/** The module as a page has it that was just opened: no service has a colour yet. */
function opened() {
  pages += 1;
  return import(`../../../web/model/colours.js?page=${pages}`);
}

test("the services of a collector have the same colours every day, in whichever order they come", async () => {
  for (const services of [SHOP, SHOP.toReversed()]) {
    const { giveColours, serviceColour } = await opened();
    giveColours(services);
    assert.deepEqual(
      SHOP.map((service) => serviceColour(service)),
      SHOP_COLOURS,
    );
  }
});

test("a service has one colour, alone and beside the others, whatever was asked first", async () => {
  const { giveColours, serviceColour } = await opened();
  giveColours(SHOP);
  const some = ["shipping", "frontend", "email"];
  for (const service of some) {
    assert.equal(serviceColour(service, some), serviceColour(service));
    assert.equal(serviceColour(service, SHOP), serviceColour(service));
  }
});

test("a service that is new keeps what it is given, and takes nobody's colour", async () => {
  const { giveColours, serviceColour } = await opened();
  giveColours(SHOP);
  const added = Array.from({ length: 7 }, (_, index) => `new-${index}`);
  const colours = added.map((service) => serviceColour(service));
  assert.equal(new Set([...SHOP_COLOURS, ...colours]).size, 16);
  const all = [...added, ...SHOP];
  giveColours(all);
  assert.deepEqual(
    all.map((service) => serviceColour(service, all)),
    [...colours, ...SHOP_COLOURS],
  );
});

test("up to sixteen services that are shown together differ, however many others there are", async () => {
  const { giveColours, serviceColour } = await opened();
  giveColours(Array.from({ length: 500 }, (_, index) => `service-${index}`));
  forSeeds(300, (random) => {
    const services = Array.from({ length: 16 }, () => `service-${Math.floor(random() * 1000)}`);
    const distinct = [...new Set(services)];
    const colours = distinct.map((service) => serviceColour(service, services));
    assert.equal(new Set(colours).size, distinct.length);
    assert.ok(colours.every((colour) => Number.isInteger(colour) && colour >= 0 && colour <= 15));
  });
});

test("above sixteen the colours are used evenly", async () => {
  const { serviceColour } = await opened();
  const services = Array.from({ length: 40 }, (_, index) => `s${index}`);
  const counts = new Array(16).fill(0);
  for (const service of services) counts[serviceColour(service, services)] += 1;
  assert.ok(
    counts.every((count) => count === 2 || count === 3),
    String(counts),
  );
});

test("what lies beyond all that are remembered has the colour of its name, again and again", async () => {
  const { giveColours, serviceColour } = await opened();
  giveColours(Array.from({ length: 2_000 }, (_, index) => `a${index}`));
  const fresh = await opened();
  for (const service of SHOP.slice(0, 3)) {
    assert.equal(serviceColour(service), fresh.serviceColour(service));
    assert.equal(serviceColour(service), fresh.serviceColour(service));
  }
});

test("any text has a colour", async () => {
  const { serviceColour } = await opened();
  for (const service of ["", "\ud800", "漢字", "x".repeat(100000)]) {
    const colour = serviceColour(service, SHOP);
    assert.ok(Number.isInteger(colour) && colour >= 0 && colour <= 15);
    assert.equal(serviceColour(service), colour);
  }
});
