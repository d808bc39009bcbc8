"""The OTLP/HTTP endpoint of traces."""

from __future__ import annotations

from otel_worker.api.handlers.otlp_request import export_media_type, read_export_body
from otel_worker.api.message import Request, Response
from otel_worker.api.router import Collector
from otel_worker.ingest import ingest_traces
from otel_worker.otlp.response import REJECTED_SPANS, encode_export_response


async def export_traces(collector: Collector, request: Request) -> Response:
    """POST /v1/traces: an ExportTraceServiceRequest (OTLP specification, "OTLP/HTTP")."""
    media_type = export_media_type(request)
    # The body has no name here, so that it can be freed before it is stored.
    result = await ingest_traces(
        collector.database,
        collector.hub,
        collector.known_names,
        await read_export_body(request, collector.settings.max_body_bytes),
        media_type,
        collector.now_unix_ms(),
    )
    collector.count_spans(result.accepted_count, result.answer.rejected_count)
    return Response(200, encode_export_response(media_type, *result.answer, REJECTED_SPANS), media_type)
