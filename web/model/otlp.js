/** OTLP JSON to a trace. Takes any document, whoever wrote it: what is odd is left out, nothing throws. */

import { arrayOf, objectOf, readAttributes, textOf } from "./attributes.js";
import { buildTrace } from "./trace.js";

/** @typedef {import("./types.js").Resource} Resource */
/** @typedef {import("./types.js").Scope} Scope */
/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./types.js").SpanEvent} SpanEvent */
/** @typedef {import("./types.js").SpanKind} SpanKind */
/** @typedef {import("./types.js").SpanLink} SpanLink */
/** @typedef {import("./types.js").StatusCode} StatusCode */
/** @typedef {import("./types.js").Trace} Trace */
/** @typedef {{service: string, resource: Resource, scope: Scope}} Origin */

/** @type {SpanKind[]} */
const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
/** @type {StatusCode[]} */
const STATUS_CODES = ["UNSET", "OK", "ERROR"];
const DIGITS = /^\d{1,20}$/;

/** Shared by all spans that have none: most do. Nobody changes what a model gave out. */
const NO_EVENTS = /** @type {SpanEvent[]} */ ([]);
const NO_LINKS = /** @type {SpanLink[]} */ ([]);

/**
 * Return the trace of a TracesData document.
 *
 * Spans of another trace and spans without an id are left out. Of several copies of one span that which ends
 * last stays, so that an unfinished span gives way to the finished one.
 * @param {unknown} document
 * @param {string} traceId
 * @param {boolean} [isWhole] false while the collector has more spans of it
 * @returns {Trace}
 */
export function readTrace(document, traceId, isWhole = true) {
  const wanted = traceId.toLowerCase();
  /** @type {Map<string, Span>} */
  const spans = new Map();
  for (const resourceItem of arrayOf(objectOf(document).resourceSpans)) {
    const resourceSpans = objectOf(resourceItem);
    const resource = readResource(resourceSpans);
    const service = resource.attributes.find((attribute) => attribute.key === "service.name")?.text ?? "";
    for (const scopeItem of arrayOf(resourceSpans.scopeSpans)) {
      const scopeSpans = objectOf(scopeItem);
      const origin = { service, resource, scope: readScope(scopeSpans) };
      for (const item of arrayOf(scopeSpans.spans)) addSpan(spans, objectOf(item), wanted, origin);
    }
  }
  return buildTrace(wanted, [...spans.values()], isWhole);
}

/**
 * @param {Map<string, Span>} spans
 * @param {Record<string, unknown>} item
 * @param {string} traceId
 * @param {Origin} origin
 */
function addSpan(spans, item, traceId, origin) {
  const spanId = idOf(item.spanId);
  if (spanId === "" || (idOf(item.traceId) || traceId) !== traceId) return;
  const known = spans.get(spanId);
  if (known === undefined || known.endUnixNano < timeOf(item.endTimeUnixNano)) {
    spans.set(spanId, readSpan(spanId, item, origin));
  }
}

/**
 * Return a span; its times since the start of the trace are known only when all spans are (buildTrace).
 * @param {string} spanId
 * @param {Record<string, unknown>} item
 * @param {Origin} origin
 * @returns {Span}
 */
function readSpan(spanId, item, { service, resource, scope }) {
  const startUnixNano = timeOf(item.startTimeUnixNano);
  const endUnixNano = timeOf(item.endTimeUnixNano);
  const status = objectOf(item.status);
  return {
    spanId,
    parentSpanId: idOf(item.parentSpanId),
    name: textOf(item.name),
    service,
    kind: KINDS[countOf(item.kind)] ?? "UNSPECIFIED",
    startUnixNano,
    endUnixNano,
    startNano: 0,
    durationNano: endUnixNano > startUnixNano ? Number(endUnixNano - startUnixNano) : 0,
    status: STATUS_CODES[countOf(status.code)] ?? "UNSET",
    statusMessage: textOf(status.message),
    attributes: readAttributes(item.attributes),
    resource,
    scope,
    events: readEvents(item.events),
    links: readLinks(item.links),
    traceState: textOf(item.traceState),
    flags: countOf(item.flags),
    droppedAttributesCount: countOf(item.droppedAttributesCount),
    droppedEventsCount: countOf(item.droppedEventsCount),
    droppedLinksCount: countOf(item.droppedLinksCount),
  };
}

/**
 * @param {unknown} list
 * @returns {SpanEvent[]}
 */
function readEvents(list) {
  const items = arrayOf(list);
  if (items.length === 0) return NO_EVENTS;
  const events = items.map(objectOf).map((item) => ({
    name: textOf(item.name),
    timeUnixNano: timeOf(item.timeUnixNano),
    timeNano: 0,
    attributes: readAttributes(item.attributes),
    droppedAttributesCount: countOf(item.droppedAttributesCount),
  }));
  return events.sort((left, right) => Number(left.timeUnixNano - right.timeUnixNano));
}

/**
 * @param {unknown} list
 * @returns {SpanLink[]}
 */
function readLinks(list) {
  const items = arrayOf(list);
  if (items.length === 0) return NO_LINKS;
  return items.map(objectOf).map((item) => ({
    traceId: idOf(item.traceId),
    spanId: idOf(item.spanId),
    traceState: textOf(item.traceState),
    attributes: readAttributes(item.attributes),
    droppedAttributesCount: countOf(item.droppedAttributesCount),
  }));
}

/**
 * @param {Record<string, unknown>} resourceSpans
 * @returns {Resource}
 */
function readResource(resourceSpans) {
  const { attributes } = objectOf(resourceSpans.resource);
  return { attributes: readAttributes(attributes), schemaUrl: textOf(resourceSpans.schemaUrl) };
}

/**
 * @param {Record<string, unknown>} scopeSpans
 * @returns {Scope}
 */
function readScope(scopeSpans) {
  const { name, version, attributes } = objectOf(scopeSpans.scope);
  return {
    name: textOf(name),
    version: textOf(version),
    attributes: readAttributes(attributes),
    schemaUrl: textOf(scopeSpans.schemaUrl),
  };
}

/**
 * @param {unknown} value
 * @returns {string} lower case, "" for none
 */
function idOf(value) {
  return textOf(value).toLowerCase();
}

/**
 * Return a 64-bit integer that is a number or decimal text; 0n for anything else.
 * @param {unknown} value
 * @returns {bigint}
 */
function timeOf(value) {
  if (typeof value === "string") return DIGITS.test(value) ? BigInt(value) : 0n;
  const isTime = typeof value === "number" && Number.isInteger(value) && value > 0 && value < 2 ** 64;
  return isTime ? BigInt(value) : 0n;
}

/**
 * Return an unsigned integer that is a number or decimal text; 0 for anything else.
 * @param {unknown} value
 * @returns {number}
 */
function countOf(value) {
  const number = typeof value === "string" && DIGITS.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : 0;
}
