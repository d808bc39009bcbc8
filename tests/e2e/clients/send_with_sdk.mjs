// Sends one trace with the OpenTelemetry JS SDK: send_with_sdk.mjs TRACE_ID START_UNIX_NANO proto|json.
// Where to, with what token and how compressed is the environment's: the OTEL_EXPORTER_OTLP_* variables.

import { SpanKind, SpanStatusCode, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

const [traceId, startText, encoding] = process.argv.slice(2);
const start = BigInt(startText);

/** Unix nanoseconds as the SDK takes them without rounding: seconds and the rest. */
function time(offset) {
  const unixNano = start + BigInt(offset);
  return [Number(unixNano / 1_000_000_000n), Number(unixNano % 1_000_000_000n)];
}

let spanIds = 0;
const exporter = encoding === "json" ? new JsonExporter() : new ProtobufExporter();
const provider = new TracerProvider({
  idGenerator: {
    generateTraceId: () => traceId,
    generateSpanId: () => (++spanIds).toString(16).padStart(16, "0"),
  },
  resource: resourceFromAttributes({ "service.name": "shop", "resource.ratio": 0.5 }),
  spanProcessors: [new BatchSpanProcessor({ exporter })],
});
const tracer = provider.getTracer("e2e", "1.2.3");
const root = tracer.startSpan(
  "GET /cart ünï \u{1f680}",
  {
    kind: SpanKind.SERVER,
    startTime: time(1),
    attributes: {
      text: "naïve 日本語 \u{1f680} \0",
      empty: "",
      true: true,
      false: false,
      integer: -9007199254740991,
      double: 0.1,
      texts: ["a", "b"],
      numbers: [1, 1.5],
      booleans: [true, false],
    },
    links: [
      {
        context: { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 },
        attributes: { "link.attribute": 1 },
      },
    ],
  },
  ROOT_CONTEXT,
);
root.addEvent("cache miss", { "event.attribute": "ü" }, time(123_456_789));
const child = tracer.startSpan(
  "child",
  { kind: SpanKind.CLIENT, startTime: time(2) },
  trace.setSpan(ROOT_CONTEXT, root),
);
child.setStatus({ code: SpanStatusCode.OK });
child.end(time(3));
root.setStatus({ code: SpanStatusCode.ERROR, message: "out of stock" });
root.end(time(1_000_000_000));
await provider.shutdown();
