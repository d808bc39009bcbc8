/** Spans and traces for tests, by hand or at random from a seed. */

import { buildTrace } from "../../../web/model/trace.js";

/** @typedef {import("../../../web/model/types.js").Span} Span */
/** @typedef {import("../../../web/model/types.js").Trace} Trace */

export const START_UNIX_NANO = 1767225600000000000n;
export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

/**
 * Return a span that runs from `start` to `end`, nanoseconds since the start of the trace; without an end it
 * is unfinished.
 * @param {string} spanId
 * @param {string} parentSpanId
 * @param {number} start
 * @param {number | null} end
 * @param {Partial<Span>} [rest]
 * @returns {Span}
 */
export function makeSpan(spanId, parentSpanId, start, end, rest = {}) {
  return {
    spanId,
    parentSpanId,
    name: `span ${spanId}`,
    service: "shop",
    kind: "INTERNAL",
    startUnixNano: START_UNIX_NANO + BigInt(start),
    endUnixNano: end === null ? 0n : START_UNIX_NANO + BigInt(end),
    startNano: 0,
    durationNano: end === null ? 0 : Math.max(0, end - start),
    status: "UNSET",
    statusMessage: "",
    attributes: [],
    resource: { attributes: [], schemaUrl: "" },
    scope: { name: "", version: "", attributes: [], schemaUrl: "" },
    events: [],
    links: [],
    traceState: "",
    flags: 0,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...rest,
  };
}

/**
 * Return the trace of spans, given as those of makeSpan.
 * @param {Parameters<typeof makeSpan>[]} rows
 * @returns {Trace}
 */
export function makeTrace(...rows) {
  return buildTrace(
    TRACE_ID,
    rows.map((row) => makeSpan(...row)),
    true,
  );
}

/**
 * Return a source of numbers from 0 to 1 that are the same for the same seed (mulberry32's recurrence).
 * @param {number} seed
 * @returns {() => number}
 */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Return a trace of any shape: several roots, orphans, cycles, children outside of their parents, unfinished
 * spans, many equal times.
 * @param {() => number} random
 * @param {number} count
 * @returns {Trace}
 */
export function anyTrace(random, count) {
  return buildTrace(TRACE_ID, anySpans(random, count), true);
}

/**
 * @param {() => number} random
 * @param {number} count
 * @returns {Span[]}
 */
export function anySpans(random, count) {
  /** @param {number} limit */
  const below = (limit) => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, index) => {
    // Any of the others, itself, none, or one that is not here.
    const parent = below(count + 3) - 2;
    const parentSpanId = parent < 0 ? "" : parent >= count ? "gone" : `s${parent}`;
    const start = below(40);
    const end = random() < 0.1 ? null : start + below(30) - (random() < 0.05 ? 20 : 0);
    const status = random() < 0.1 ? "ERROR" : "UNSET";
    return makeSpan(`s${index}`, parentSpanId, start, end === null ? null : Math.max(0, end), {
      service: `service ${below(4)}`,
      name: `name ${below(5)}`,
      status,
    });
  });
}

/**
 * Run a test with sources of random numbers, one after the other; the failing one is named.
 * @param {number} count
 * @param {(random: () => number) => void} check
 */
export function forSeeds(count, check) {
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      check(randomFrom(seed));
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
}
