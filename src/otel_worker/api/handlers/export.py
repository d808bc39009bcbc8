"""The OTLP/HTTP endpoint."""

from __future__ import annotations

from otel_worker.api.message import Request, Response
from otel_worker.api.router import Collector
from otel_worker.errors import UnsupportedMediaType
from otel_worker.ingest import ingest_traces
from otel_worker.otlp.compression import inflate
from otel_worker.otlp.response import JSON, PROTOBUF, encode_export_response, media_type_of


async def export_traces(collector: Collector, request: Request) -> Response:
    """POST /v1/traces: an ExportTraceServiceRequest (OTLP specification, "OTLP/HTTP")."""
    media_type = media_type_of(request.header("Content-Type"))
    if media_type is None:
        raise UnsupportedMediaType(f"Content-Type must be {PROTOBUF} or {JSON}")
    limit_bytes = collector.settings.max_body_bytes
    coding = request.header("Content-Encoding")
    # The body has no name here, so that it can be freed before it is stored.
    result = await ingest_traces(
        collector.database,
        collector.hub,
        collector.known_names,
        inflate(await request.read_body(limit_bytes), coding, limit_bytes),
        media_type,
        collector.now_unix_ms(),
    )
    return Response(200, encode_export_response(media_type, *result), media_type)
