"""OTLP/gRPC: the SDK's exporters deliver, and what is refused says why as over HTTP."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.e2e.collector import Collector, http_client, new_token
from tests.e2e.metric_collector import METRICS_TOKEN, scrape, total
from tests.e2e.otlp import export_request, make_span
from tests.local.running import ANY_PORTS, LocalServer, as_collector

CALL_SECONDS = 20.0
MAX_BODY_BYTES = 1_000_000
INGEST_TOKEN, READ_TOKEN = "grpc-ingest-only", "grpc-read-only"
METRICS_METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"

Metadata = tuple[tuple[str, str], ...]


class Running:
    """A server with gRPC, how to call it, and its API."""

    def __init__(self, server: LocalServer, collector: Collector, channel: grpc.Channel) -> None:
        self.server = server
        self.collector = collector
        self.channel = channel
        self.metadata: Metadata = (("authorization", f"Bearer {collector.token}"),)

    def export(
        self,
        request: ExportTraceServiceRequest,
        metadata: Metadata | None = None,
        compression: grpc.Compression | None = None,
    ) -> ExportTraceServiceResponse:
        sent = self.metadata if metadata is None else metadata
        response: ExportTraceServiceResponse = _stub(self.channel).Export(
            request, timeout=CALL_SECONDS, metadata=sent, compression=compression
        )
        return response

    def refusal(self, request: ExportTraceServiceRequest, metadata: Metadata | None = None) -> Any:
        """Return the error of a call that has to fail."""
        with pytest.raises(grpc.RpcError) as caught:
            self.export(request, metadata)
        return caught.value


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Yield a server with tokens and a low limit."""
    token = new_token()
    variables = {
        "OTEL_WORKER_TOKEN": token,
        "INGEST_TOKEN": INGEST_TOKEN,
        "READ_TOKEN": READ_TOKEN,
        "METRICS_TOKEN": METRICS_TOKEN,
        "MAX_BODY_BYTES": str(MAX_BODY_BYTES),
    }
    database = tmp_path_factory.mktemp("grpc") / "traces.sqlite"
    with (
        LocalServer([*ANY_PORTS, "--database", str(database)], variables) as server,
        http_client(server.url, token) as client,
        grpc.insecure_channel(server.grpc_address) as channel,
    ):
        yield Running(server, as_collector(server, token, client), channel)


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=str)
def test_a_trace_of_the_sdk_arrives(compression: grpc.Compression, running: Running) -> None:
    exporter = OTLPSpanExporter(
        running.server.grpc_address, insecure=True, headers=running.metadata, compression=compression
    )
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("e2e").start_as_current_span("GET /cart", attributes={"n": 2**63 - 1}) as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()
    (stored,) = running.collector.get(f"/v1/traces/{trace_id}/spans")
    assert (stored["name"], stored["attributes"]) == ("GET /cart", {"n": 2**63 - 1})
    assert stored["resource"]["attributes"] == {"service.name": "shop"}


def test_metrics_of_the_sdk_arrive(running: Running) -> None:
    exporter = OTLPMetricExporter(running.server.grpc_address, insecure=True, headers=running.metadata)
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)], Resource({"service.name": "by-grpc"}))
    provider.get_meter("e2e").create_counter("orders").add(7)
    assert provider.force_flush()
    provider.shutdown()
    assert total(scrape(running.collector), "orders_total", job="by-grpc") == 7


def test_a_repeated_request_is_stored_once(running: Running, trace_id: str, now_unix_nano: int) -> None:
    request = export_request([make_span(trace_id, 1, now_unix_nano)])
    for token in (running.collector.token, INGEST_TOKEN):
        assert not running.export(request, (("authorization", f"Bearer {token}"),)).HasField(
            "partial_success"
        )
    summaries = running.collector.get(f"/v1/traces?start={now_unix_nano}&end={now_unix_nano}")
    assert [(summary["traceId"], summary["spanCount"]) for summary in summaries] == [(trace_id, 1)]


def test_a_partial_success_is_told(running: Running, trace_id: str, now_unix_nano: int) -> None:
    spans = [make_span(trace_id, 1, now_unix_nano), make_span("0" * 32, 2, now_unix_nano)]
    answer = running.export(export_request(spans))
    assert answer.partial_success.rejected_spans == 1
    assert "spans[1]" in answer.partial_success.error_message


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer wrong"),), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", f"Bearer {READ_TOKEN}"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_a_token_is_asked_for(
    metadata: Metadata, code: grpc.StatusCode, running: Running, trace_id: str, now_unix_nano: int
) -> None:
    error = running.refusal(export_request([make_span(trace_id, 1, now_unix_nano)]), metadata)
    assert error.code() is code
    assert _status_of(error).code == code.value[0]
    assert running.collector.client.get(f"/v1/traces/{trace_id}").status_code == 404


def test_a_request_without_a_valid_span_names_its_fields(running: Running, now_unix_nano: int) -> None:
    error = running.refusal(export_request([make_span("0" * 32, 1, now_unix_nano)]))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = _status_of(error)
    assert status.message == error.details()
    details = BadRequest()
    assert status.details[0].Unpack(details)
    assert details.field_violations[0].field.startswith("resourceSpans[0]")


def test_bytes_that_are_no_message_are_refused(running: Running) -> None:
    for path in ("/opentelemetry.proto.collector.trace.v1.TraceService/Export", METRICS_METHOD):
        call = running.channel.unary_unary(path)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\x0a\xff", timeout=CALL_SECONDS, metadata=running.metadata)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=str)
def test_a_message_above_the_limit_is_refused_and_one_below_is_not(
    compression: grpc.Compression, running: Running, trace_id: str, now_unix_nano: int
) -> None:
    for size, is_taken in ((MAX_BODY_BYTES - 1_000, True), (MAX_BODY_BYTES + 1_000, False)):
        request = export_request([make_span(trace_id, 1, now_unix_nano, filler="f" * size)])
        if is_taken:
            running.export(request, compression=compression)
            continue
        with pytest.raises(grpc.RpcError) as caught:
            running.export(request, compression=compression)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_bomb_takes_little_memory(running: Running) -> None:
    bomb = b"\0" * (MAX_BODY_BYTES * 100)
    assert len(gzip.compress(bomb)) < MAX_BODY_BYTES, "what is sent has to be within the limit"
    call = running.channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
    before_kib = _peak_kib(running.server)
    for _ in range(5):
        with pytest.raises(grpc.RpcError) as caught:
            call(
                bomb,
                timeout=CALL_SECONDS,
                metadata=running.metadata,
                compression=grpc.Compression.Gzip,
            )
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert _peak_kib(running.server) - before_kib < 20_000


def test_another_method_is_not_there(running: Running) -> None:
    call = running.channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=CALL_SECONDS, metadata=running.metadata)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_collector_without_a_token_asks_for_none(trace_id: str, now_unix_nano: int) -> None:
    with (
        LocalServer([*ANY_PORTS, "--memory"]) as server,
        grpc.insecure_channel(server.grpc_address) as channel,
        http_client(server.url, None) as client,
    ):
        _stub(channel).Export(export_request([make_span(trace_id, 1, now_unix_nano)]), timeout=CALL_SECONDS)
        call = channel.unary_unary(METRICS_METHOD)
        assert call(ExportMetricsServiceRequest().SerializeToString(), timeout=CALL_SECONDS) == b""
        assert client.get(f"/v1/traces/{trace_id}").json()["spanCount"] == 1


def _stub(channel: grpc.Channel) -> Any:
    return TraceServiceStub(channel)  # type: ignore[no-untyped-call]


def _status_of(error: Any) -> Status:
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    return Status.FromString(details)


def _peak_kib(server: LocalServer) -> int:
    """Return the most memory that a server has had."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
