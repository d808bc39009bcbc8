"""The exporter of the sample data: OpenTelemetry's own SDK, bound to one collector whatever OTEL_* says.

Imported by who plays only: the SDK takes a while to load.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer
from requests.auth import AuthBase

from otel_worker_cli.client import ClientError, Unreachable
from otel_worker_cli.client.connection import describe, is_loopback
from otel_worker_cli.client.errors import error_of
from otel_worker_cli.client.export_answer import read_export_result
from otel_worker_cli.demo.services import Service, resource_attributes

_SCOPE, _SCHEMA_URL = "otel-worker send --demo", "https://opentelemetry.io/schemas/1.44.0"

# The SDK's own patience with a collector that is busy, with the times that it waits between.
_EXPORT_SECONDS = 30.0
_BATCH_SPANS = 512
# More than the player ever leaves waiting: the SDK drops what does not fit.
MAX_WAITING_SPANS = 20_000
_SCHEDULE_DELAY_MS = 1_000
_NO_LIMITS = dict.fromkeys(
    ("max_attributes", "max_events", "max_links", "max_span_attributes", "max_event_attributes",
     "max_link_attributes", "max_attribute_length", "max_span_attribute_length"),
    SpanLimits.UNSET,
)  # fmt: skip
# All that a request needs; OTEL_EXPORTER_OTLP_HEADERS is for another collector.
_SENT_HEADERS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length",
     "content-type", "user-agent"}
)  # fmt: skip


class Deliveries:
    """What all exporters of a run have delivered, and the first error; safe between threads."""

    def __init__(self) -> None:
        self.spans = 0
        self.rejected_spans = 0
        self.reason = ""
        self.failure: ClientError | None = None
        self._lock = threading.Lock()

    def delivered(self, spans: int) -> None:
        """Count spans of a request that was accepted."""
        with self._lock:
            self.spans += spans

    def rejected(self, spans: int, reason: str) -> None:
        """Count those of them that the collector did not take."""
        with self._lock:
            self.rejected_spans += spans
            self.reason = self.reason or reason

    def failed(self, failure: ClientError) -> None:
        """Keep the first error: the others follow from it, or say the same."""
        with self._lock:
            self.failure = self.failure or failure


class CollectorSession(requests.Session):
    """The connection of an exporter: it sends this collector's token and nothing of the environment's."""

    def __init__(self, url: str, token: str, deliveries: Deliveries) -> None:
        super().__init__()
        self.failure: ClientError | None = None
        self.trust_env = not is_loopback(url)
        # Also without a token: requests would look for one in .netrc.
        self.auth = _BearerToken(token)
        self._url = url
        self._deliveries = deliveries

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request, and keep what the exporter does not tell: the error, and what was rejected."""
        for name in [name for name in request.headers if name.lower() not in _SENT_HEADERS]:
            del request.headers[name]
        try:
            response = super().send(request, **options)
        except requests.RequestException as error:
            self.failure = Unreachable(f"no answer from {self._url}: {describe(error)}")
            raise
        self.failure = None
        try:
            self._read(response)
        except ClientError as error:
            self.failure = error
        return response

    def _read(self, response: requests.Response) -> None:
        if response.status_code != requests.codes.ok:
            raise error_of(response.status_code, response.headers, response.content)
        result = read_export_result(response.headers.get("Content-Type", ""), response.content)
        if result.rejected_spans:
            self._deliveries.rejected(result.rejected_spans, result.message)


class _BearerToken(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.pop("Authorization", None)
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class CountingExporter(SpanExporter):
    """OpenTelemetry's exporter, and a record of what it delivered; after an error it delivers no more."""

    def __init__(self, url: str, token: str, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._session = CollectorSession(url, token, deliveries)
        self._exporter = OTLPSpanExporter(
            endpoint=f"{url.rstrip('/')}/v1/traces",
            timeout=_EXPORT_SECONDS,
            compression=Compression.Gzip,
            session=self._session,
            meter_provider=NoOpMeterProvider(),
        )
        # The exporter has set those of OTEL_EXPORTER_OTLP_CERTIFICATE and its like.
        self._session.verify, self._session.cert = True, None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._deliveries.failure is not None:
            return SpanExportResult.FAILURE
        result = self._exporter.export(spans)
        failure = self._session.failure
        if failure is None and result is not SpanExportResult.SUCCESS:
            failure = Unreachable("the exporter gave up")
        if failure is not None:
            self._deliveries.failed(failure)
            return SpanExportResult.FAILURE
        self._deliveries.delivered(len(spans))
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call] # the SDK's

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def open_provider(service: Service, url: str, token: str, deliveries: Deliveries) -> TracerProvider:
    """Return what a service's SDK is: its resource, and an exporter of its own to the collector."""
    # It logs what `Deliveries` tells.
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    meters = NoOpMeterProvider()
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource(resource_attributes(service)),
        shutdown_on_exit=False,
        span_limits=SpanLimits(**_NO_LIMITS),
        meter_provider=meters,
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            CountingExporter(url, token, deliveries),
            max_queue_size=MAX_WAITING_SPANS,
            schedule_delay_millis=_SCHEDULE_DELAY_MS,
            max_export_batch_size=_BATCH_SPANS,
            export_timeout_millis=_EXPORT_SECONDS * 1_000,
            meter_provider=meters,
        )
    )
    return provider


def tracer_of(provider: TracerProvider) -> Tracer:
    """Return the tracer that all spans of a provider are made with."""
    return provider.get_tracer(_SCOPE, schema_url=_SCHEMA_URL)
