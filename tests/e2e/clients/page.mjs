// A web page with the OpenTelemetry SDK: sends one trace, reads it back, and tells its own server how both went.
// The fragment of its address says where to: #collector=<url>&token=<token>&traceId=<32 hex digits>.

import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

const parameters = new URLSearchParams(location.hash.slice(1));
const headers = { Authorization: `Bearer ${parameters.get("token")}` };
const collector = parameters.get("collector");
const traceId = parameters.get("traceId");

/** What the exporter is told for each batch: SUCCESS is 0, FAILED is 1. */
const results = [];

class WatchedExporter extends OTLPTraceExporter {
  export(spans, done) {
    super.export(spans, (result) => {
      results.push({ code: result.code, error: result.error ? String(result.error) : "" });
      done(result);
    });
  }
}

async function send() {
  let spanIds = 0;
  const exporter = new WatchedExporter({ url: `${collector}/v1/traces`, headers, timeoutMillis: 5_000 });
  const provider = new TracerProvider({
    idGenerator: {
      generateTraceId: () => traceId,
      generateSpanId: () => (++spanIds).toString(16).padStart(16, "0"),
    },
    resource: resourceFromAttributes({ "service.name": "page" }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer("browser", "1.0.0");
  const attributes = { "url.full": location.origin, "user_agent.original": navigator.userAgent, text: "naïve \u{1f680}" };
  const load = tracer.startSpan("documentLoad", { attributes }, ROOT_CONTEXT);
  load.addEvent("click", { target: "button" });
  tracer.startSpan("fetch", { kind: SpanKind.CLIENT }, trace.setSpan(ROOT_CONTEXT, load)).end();
  load.end();
  await provider.shutdown();
}

async function read() {
  const response = await fetch(`${collector}/v1/traces/${traceId}`, { headers });
  return { status: response.status, spanCount: (await response.json()).spanCount };
}

async function main() {
  const report = { failures: [] };
  for (const [name, step] of Object.entries({ send, read })) {
    try {
      report[name] = await step();
    } catch (error) {
      report.failures.push(`${name}: ${error}`);
    }
  }
  await fetch("/report", { method: "POST", body: JSON.stringify({ ...report, results }) });
}

main();
