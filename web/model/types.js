/**
 * The shapes that the models and the views share. Only types: nothing here runs.
 *
 * Times: `...UnixNano` are nanoseconds since 1970 as BigInt (decimal text where they come from the API);
 * `...Nano` are Numbers, durations or times since the start of the trace, exact up to 104 days.
 */

/**
 * A trace in the list, as `GET /v1/traces` and `traceUpdated` have it.
 * @typedef {object} TraceSummary
 * @property {string} traceId
 * @property {string} rootName
 * @property {string} rootService
 * @property {string[]} services
 * @property {string} startTimeUnixNano
 * @property {number} durationNano
 * @property {number} spanCount
 * @property {number} errorCount
 */

/** @typedef {"UNSPECIFIED" | "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER"} SpanKind */
/** @typedef {"UNSET" | "OK" | "ERROR"} StatusCode */
/** @typedef {"string" | "bool" | "int" | "double" | "bytes" | "array" | "map" | "empty"} ValueType */

/**
 * One attribute. `text` is the value as people read it: exact for ints, JSON for arrays and maps, base64 for
 * bytes.
 * @typedef {object} Attribute
 * @property {string} key
 * @property {ValueType} type
 * @property {string} text
 */

/**
 * @typedef {object} Resource
 * @property {Attribute[]} attributes
 * @property {string} schemaUrl
 */

/**
 * @typedef {object} Scope
 * @property {string} name
 * @property {string} version
 * @property {Attribute[]} attributes
 * @property {string} schemaUrl
 */

/**
 * @typedef {object} SpanEvent
 * @property {string} name
 * @property {bigint} timeUnixNano
 * @property {number} timeNano since the start of the trace
 * @property {Attribute[]} attributes
 * @property {number} droppedAttributesCount
 */

/**
 * @typedef {object} SpanLink
 * @property {string} traceId
 * @property {string} spanId
 * @property {string} traceState
 * @property {Attribute[]} attributes
 * @property {number} droppedAttributesCount
 */

/**
 * @typedef {object} Span
 * @property {string} spanId
 * @property {string} parentSpanId "" for none
 * @property {string} name
 * @property {string} service "" when the resource has no service.name
 * @property {SpanKind} kind
 * @property {bigint} startUnixNano
 * @property {bigint} endUnixNano 0n while it is unfinished
 * @property {number} startNano since the start of the trace
 * @property {number} durationNano 0 while it is unfinished, and when the end is before the start
 * @property {StatusCode} status
 * @property {string} statusMessage
 * @property {Attribute[]} attributes
 * @property {Resource} resource shared by the spans of one resource
 * @property {Scope} scope shared by the spans of one scope
 * @property {SpanEvent[]} events by time
 * @property {SpanLink[]} links
 * @property {string} traceState
 * @property {number} flags
 * @property {number} droppedAttributesCount
 * @property {number} droppedEventsCount
 * @property {number} droppedLinksCount
 */

/**
 * A trace as rows in the order in which they are shown: depth first, children by start, then by span id. All
 * arrays have an element for each span. The descendants of row i are the rows i + 1 to subtreeEnds[i] - 1.
 * @typedef {object} Trace
 * @property {string} traceId
 * @property {Span[]} spans
 * @property {Int32Array} parents the parent's row, or -1
 * @property {Int32Array} depths 0 for a root
 * @property {Int32Array} subtreeEnds the row after the last descendant
 * @property {Uint8Array} marks a sum of Mark (model/trace.js)
 * @property {Map<string, number>} rowOf by span id
 * @property {string[]} services by first appearance
 * @property {bigint} startUnixNano the earliest start
 * @property {number} durationNano to the latest end, at least 1
 * @property {number} errorCount
 * @property {boolean} isWhole false while the collector has more spans of it than are here
 */

/**
 * Calls from one service to another, as `GET /v1/dependencies` has them.
 * @typedef {object} ServiceEdge
 * @property {string} parent a service
 * @property {string} child a service
 * @property {number} callCount
 * @property {number} errorCount
 * @property {number} p50DurationNano
 * @property {number} p95DurationNano
 */

/**
 * A search as the URL has it; "" and [] for what is not asked. Names and texts are those of `GET /v1/traces`.
 * @typedef {object} Filters
 * @property {string} service
 * @property {string} name
 * @property {string} status "" or "error"
 * @property {string} minDuration
 * @property {string} maxDuration
 * @property {string[]} attr
 * @property {string} start RFC 3339, Unix nanoseconds, or "-1h" (a time before now) on the page only
 * @property {string} end
 * @property {string} link the id of a trace that is linked to
 */

export {};
