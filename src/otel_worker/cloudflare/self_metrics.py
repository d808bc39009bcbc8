"""What the collector measures of itself, with the client that it gives to others (workers_otel)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from otel_worker import __version__
from otel_worker.api.message import Request
from otel_worker.api.router import Router
from otel_worker.api.routes import ROUTES
from otel_worker.cloudflare.live_client import Deliveries
from otel_worker.errors import OtelWorkerError
from otel_worker.metrics.gateway import MetricGateway, ingest_metrics
from otel_worker.otlp.response import JSON, REJECTED_DATA_POINTS, encode_export_response
from otel_worker.settings import Settings
from workers_otel import Answer, Metrics, Transport, create_metrics
from workers_otel.http_server import DURATION, DURATION_BOUNDS, REQUESTS
from workers_otel.transport import worker_transport

_log = logging.getLogger(__name__)

SERVICE = "otel-worker"
BODY = "otel_worker.request.body"
ACCEPTED = "otel_worker.spans.accepted"
REJECTED = "otel_worker.spans.rejected"
ROWS_READ = "otel_worker.d1.rows_read"
ROWS_WRITTEN = "otel_worker.d1.rows_written"
DROPPED_TRACES = "otel_worker.live.dropped_traces"

FLUSH_SECONDS = 10

# Marks what was sent by a collector of itself: were it measured, two collectors that measure each other, or
# one that sends to itself, would never come to rest.
SELF_HEADER = "Otel-Worker-Self-Metrics"
_METRICS_PATH = "/v1/metrics"

_NANO_PER_SECOND = 1_000_000_000

_router = Router(ROUTES)


class SelfMetrics:
    """The metrics of this isolate, from all of its requests."""

    def __init__(self, metrics: Metrics, gateway: _GatewayTransport | None) -> None:
        """Use self_metrics_of. `gateway` is the transport of `metrics`, if that is the way they go."""
        self.metrics = metrics
        self._gateway = gateway
        self._next_flush_unix_nano = 0
        self._told_dropped_traces = 0

    def measure(self, request: Request) -> Measurement | None:
        """Begin to measure a request; None if it is one that must not be."""
        is_export = request.method == "POST" and request.path == _METRICS_PATH
        if is_export and request.header(SELF_HEADER) is not None:
            return None
        return Measurement(self.metrics, request)

    def count_rows(self, kind: str, rows_read: int, rows_written: int) -> None:
        """Count what D1 bills for a request of a kind (store/stats.py)."""
        attributes = {"otel_worker.kind": kind}
        self.metrics.counter(ROWS_READ, rows_read, attributes, unit="{row}")
        self.metrics.counter(ROWS_WRITTEN, rows_written, attributes, unit="{row}")

    def count_dropped_traces(self, deliveries: Deliveries) -> None:
        """Count the traces that were not announced since the last call."""
        count = deliveries.dropped_traces - self._told_dropped_traces
        self._told_dropped_traces = deliveries.dropped_traces
        self.metrics.counter(DROPPED_TRACES, count, unit="{trace}")

    def flush_soon(self, ctx: Any, gateway: MetricGateway | None) -> None:
        """Have what was measured sent after the answer, if that has not been for a while."""
        now_unix_nano = self.metrics.now_unix_nano()
        if self.metrics.is_on and now_unix_nano >= self._next_flush_unix_nano:
            self._next_flush_unix_nano = now_unix_nano + FLUSH_SECONDS * _NANO_PER_SECOND
            ctx.waitUntil(self.flush(gateway))

    async def flush(self, gateway: MetricGateway | None) -> None:
        """Send what was measured; a failure is logged, and made up for by the next flush."""
        if self._gateway is not None:
            self._gateway.gateway = gateway
        result = await self.metrics.flush()
        if result.error:
            _log.warning("self-metrics: %s (%s)", result.error, result.outcome)


class Measurement:
    """What is known of one request."""

    def __init__(self, metrics: Metrics, request: Request) -> None:
        self._metrics = metrics
        self._request = request
        self._start_unix_nano = metrics.now_unix_nano()
        self._body_bytes = 0

    def counting_body(self) -> Request:
        """Return the request; the bytes of its body are counted when it is read."""
        read_body = self._request.read_body

        async def read_and_count(limit_bytes: int) -> bytes:
            body = await read_body(limit_bytes)
            self._body_bytes += len(body)
            return body

        return replace(self._request, read_body=read_and_count)

    def count_spans(self, accepted: int, rejected: int) -> None:
        """Count what became of the spans of an export request."""
        self._metrics.counter(ACCEPTED, accepted, unit="{span}")
        self._metrics.counter(REJECTED, rejected, unit="{span}")

    def end(self, status: int) -> None:
        """Record the request; its time is that until the answer is ready."""
        attributes: dict[str, str | int] = {"http.response.status_code": status}
        try:
            route, _ = _router.find(self._request)
            attributes["http.route"] = route.path
            attributes["http.request.method"] = route.method
        except OtelWorkerError:
            # Anybody can send any path and method: they are no attributes.
            attributes["http.request.method"] = "_OTHER"
        seconds = max(self._metrics.now_unix_nano() - self._start_unix_nano, 0) / _NANO_PER_SECOND
        self._metrics.counter(REQUESTS, 1, attributes, unit="{request}")
        self._metrics.histogram(DURATION, seconds, attributes, unit="s", bounds=DURATION_BOUNDS)
        if self._body_bytes:
            self._metrics.counter(BODY, self._body_bytes, unit="By")


class _GatewayTransport:
    """The client's transport into the collector's own aggregators: no HTTP, and no request to measure."""

    def __init__(self) -> None:
        self.gateway: MetricGateway | None = None

    async def __call__(self, url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
        """See Transport."""
        if self.gateway is None:
            return Answer(404, "", "the binding METRICS_AGGREGATOR is missing")
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                result = await ingest_metrics(self.gateway, body.encode(), JSON)
        except OtelWorkerError as error:
            return Answer(error.status, "", error.message)
        return Answer(200, "", encode_export_response(JSON, *result, REJECTED_DATA_POINTS).decode())


async def _marked_transport(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
    return await worker_transport(url, {**headers, SELF_HEADER: "1"}, body, timeout_ms)


def new_self_metrics(settings: Settings, transport: Transport = _marked_transport) -> SelfMetrics:
    """Return metrics that go where the settings say; `transport` is the way to an endpoint."""
    gateway = _GatewayTransport() if settings.is_measured_by_gateway else None
    metrics = create_metrics(
        service_name=SERVICE,
        # The gateway has neither address nor token.
        endpoint="https://gateway" if gateway else settings.self_metrics_endpoint,
        token=SERVICE if gateway else settings.self_metrics_token,
        resource_attributes={"service.version": __version__},
        transport=gateway or transport,
    )
    return SelfMetrics(metrics, gateway)


_made: list[SelfMetrics] = []


def self_metrics_of(settings: Settings) -> SelfMetrics | None:
    """Return those of this isolate, which the first call makes; None when they are off."""
    if not (settings.is_measured_by_gateway or settings.self_metrics_endpoint):
        return None
    if not _made:
        _made.append(new_self_metrics(settings))
    return _made[0]
