"""How the collector measures itself with the client: when it sends, and what it does not measure."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from otel_worker.api.message import Request
from otel_worker.cloudflare import self_metrics
from otel_worker.cloudflare.live_client import Deliveries
from otel_worker.cloudflare.self_metrics import SELF_HEADER, SelfMetrics, new_self_metrics, self_metrics_of
from otel_worker.errors import StorageUnavailable
from otel_worker.metric_model import MetricGroup, NumberPoint
from otel_worker.metrics.aggregation import PushResult
from otel_worker.settings import Settings
from workers_otel import Answer

GATEWAY = Settings(is_measured_by_gateway=True)
ENDPOINT = Settings(self_metrics_endpoint="https://otlp.test", self_metrics_token="t")


class Gateway:
    """A MetricGateway that keeps what it gets; the first `failures` calls fail."""

    def __init__(self, failures: int = 0) -> None:
        self.pushed: list[tuple[str, str, Sequence[MetricGroup]]] = []
        self._failures = failures

    async def push(self, service: str, digest: str, groups: Sequence[MetricGroup]) -> PushResult:
        self.pushed.append((service, digest, groups))
        if len(self.pushed) <= self._failures:
            raise StorageUnavailable("not now")
        return PushResult(accepted_points=1)

    async def collect(self) -> list[MetricGroup]:
        raise AssertionError("nobody asks for them")

    def sums(self) -> dict[str, float]:
        """Return the last value of each sum that was pushed last."""
        _, _, groups = self.pushed[-1]
        return {
            metric.name: point.value
            for group in groups
            for metric in group.metrics
            for point in metric.points
            if isinstance(point, NumberPoint)
        }


@dataclass
class Context:
    """A request's `ctx`."""

    waiting: list[Coroutine[Any, Any, None]] = field(default_factory=list)

    def waitUntil(self, coroutine: Coroutine[Any, Any, None]) -> None:  # noqa: N802 - the runtime's name
        self.waiting.append(coroutine)

    def run(self) -> int:
        """Run what waits, and return how much it was."""
        waiting, self.waiting = self.waiting, []
        for coroutine in waiting:
            asyncio.run(coroutine)
        return len(waiting)


def request(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
    async def read_body(_limit_bytes: int) -> bytes:
        return body

    return Request(method, path, "", (headers or {}).get, read_body)


async def read(asked: Request) -> bytes:
    return await asked.read_body(100)


def measure(own: SelfMetrics, asked: Request, status: int = 200) -> None:
    measurement = own.measure(asked)
    assert measurement is not None
    measurement.end(status)


def test_it_is_off_unless_it_is_configured() -> None:
    assert self_metrics_of(Settings()) is None
    assert self_metrics_of(Settings(self_metrics_token="t")) is None


def test_all_requests_of_an_isolate_share_their_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_metrics, "_made", [])
    assert self_metrics_of(GATEWAY) is self_metrics_of(GATEWAY) is not None


def test_one_flush_in_ten_seconds_has_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    now_unix_nano = 1_800_000_000 * 10**9
    own, ctx, gateway = new_self_metrics(GATEWAY), Context(), Gateway()
    monkeypatch.setattr(type(own.metrics), "now_unix_nano", lambda _self: now_unix_nano)
    flushes = []
    for _ in range(25):
        measure(own, request("GET", "/v1/traces"))
        own.flush_soon(ctx, gateway)
        flushes.append(ctx.run())
        now_unix_nano += 10**9
    assert [number for number, count in enumerate(flushes) if count] == [0, 10, 20]
    assert [service for service, _, _ in gateway.pushed] == ["otel-worker"] * 3
    assert gateway.sums()["http.server.requests"] == 10


def test_a_failed_push_is_repeated_as_it_was() -> None:
    own, gateway = new_self_metrics(GATEWAY), Gateway(failures=1)
    measure(own, request("GET", "/v1/traces"))
    asyncio.run(own.flush(gateway))
    measure(own, request("GET", "/v1/traces"))
    asyncio.run(own.flush(gateway))
    digests = [digest for _, digest, _ in gateway.pushed]
    assert len(digests) == 3
    assert digests[0] == digests[1] != digests[2]


def test_a_collector_without_aggregators_drops_them(caplog: pytest.LogCaptureFixture) -> None:
    own = new_self_metrics(GATEWAY)
    measure(own, request("GET", "/v1/traces"))
    asyncio.run(own.flush(None))
    assert "METRICS_AGGREGATOR" in caplog.text


def test_what_a_collector_sends_of_itself_is_not_measured() -> None:
    own = new_self_metrics(ENDPOINT)
    marked = {SELF_HEADER: "1"}
    assert own.measure(request("POST", "/v1/metrics", marked)) is None
    assert own.measure(request("POST", "/v1/metrics")) is not None
    # Nobody hides anything else behind it.
    assert own.measure(request("POST", "/v1/traces", marked)) is not None


def test_an_endpoint_gets_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, Mapping[str, str]]] = []

    async def post(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
        sent.append((url, headers))
        return Answer(200)

    own = new_self_metrics(ENDPOINT, post)
    measure(own, request("GET", "/v1/traces"))
    asyncio.run(own.flush(None))
    ((url, headers),) = sent
    assert (url, headers["Authorization"]) == ("https://otlp.test/v1/metrics", "Bearer t")


def test_paths_and_methods_that_there_are_not_are_no_attributes() -> None:
    own, gateway = new_self_metrics(GATEWAY), Gateway()
    for number in range(50):
        measure(own, request("GET", f"/scan/{number}"), 401)
        measure(own, request(f"WORD{number}", "/v1/traces"), 401)
        measure(own, request("GET", f"/v1/traces/{number}"))
    asyncio.run(own.flush(gateway))
    assert gateway.pushed
    _, _, groups = gateway.pushed[-1]
    (requests,) = [
        metric for group in groups for metric in group.metrics if metric.name == "http.server.requests"
    ]
    found = {
        tuple(str(value) for _, value in sorted(point.attributes.items())): point.value
        for point in requests.points
        if isinstance(point, NumberPoint)
    }
    assert found == {("_OTHER", "401"): 100, ("GET", "200", "/v1/traces/{}"): 50}


def test_bytes_spans_rows_and_dropped_traces_add_up() -> None:
    own, gateway = new_self_metrics(GATEWAY), Gateway()
    deliveries = Deliveries()
    for _ in range(2):
        measurement = own.measure(request("POST", "/v1/traces", body=b"12345"))
        assert measurement is not None
        assert asyncio.run(read(measurement.counting_body())) == b"12345"
        measurement.count_spans(7, 2)
        measurement.end(200)
        own.count_rows("ingest", 3, 2)
        deliveries.drop(4)
        deliveries.unreported_traces = 0
        own.count_dropped_traces(deliveries)
    own.count_dropped_traces(deliveries)
    asyncio.run(own.flush(gateway))
    sums = gateway.sums()
    assert sums.pop("http.server.requests") == 2
    assert sums == {
        "otel_worker.request.body": 10,
        "otel_worker.spans.accepted": 14,
        "otel_worker.spans.rejected": 4,
        "otel_worker.d1.rows_read": 6,
        "otel_worker.d1.rows_written": 4,
        "otel_worker.live.dropped_traces": 8,
    }
