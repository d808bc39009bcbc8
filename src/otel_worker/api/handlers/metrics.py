"""Metrics: the OTLP/HTTP endpoint, and the page that Prometheus scrapes."""

from __future__ import annotations

from otel_worker.api.handlers.otlp_request import export_media_type, read_export_body
from otel_worker.api.message import Request, Response
from otel_worker.api.router import Collector
from otel_worker.errors import NotFound
from otel_worker.metrics.exposition import render
from otel_worker.metrics.exposition_negotiation import negotiate
from otel_worker.metrics.gateway import MetricGateway, ingest_metrics
from otel_worker.otlp.response import REJECTED_DATA_POINTS, encode_export_response


async def export_metrics(collector: Collector, request: Request) -> Response:
    """POST /v1/metrics: an ExportMetricsServiceRequest (OTLP specification, "OTLP/HTTP")."""
    gateway = _gateway(collector)
    media_type = export_media_type(request)
    body = await read_export_body(request, collector.settings.max_body_bytes)
    result = await ingest_metrics(gateway, body, media_type)
    return Response(200, encode_export_response(media_type, *result, REJECTED_DATA_POINTS), media_type)


async def scrape_metrics(collector: Collector, request: Request) -> Response:
    """GET /metrics: all series in the Prometheus text format or OpenMetrics, as the Accept header asks."""
    groups = await _gateway(collector).collect()
    wanted = negotiate(request.header("Accept"))
    return Response(200, render(groups, wanted.openmetrics).encode(), wanted.content_type)


def _gateway(collector: Collector) -> MetricGateway:
    if collector.metrics is None:
        raise NotFound("this collector takes no metrics")
    return collector.metrics
