"""The use case of the metrics gateway: one request, several services, refusals and retries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_worker.errors import FieldViolation, InvalidOtlp, StorageUnavailable
from otel_worker.metrics.gateway import RejectedPoints, ingest_metrics
from otel_worker.metrics.options import AggregationOptions
from otel_worker.otlp.response import JSON, PROTOBUF
from tests.core.metric_runtime import FakeGateway, values_of
from tests.core.metric_samples import rich_metrics_request
from tests.samples import NOW_UNIX_NANO, SECOND, run


def delta(value: float, name: str = "requests", **fields: Any) -> dict[str, Any]:
    """Return a counter in OTLP JSON."""
    point = {
        "startTimeUnixNano": str(NOW_UNIX_NANO - SECOND),
        "timeUnixNano": str(NOW_UNIX_NANO),
        "asDouble": value,
        **fields,
    }
    return {"name": name, "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point]}}


def oversized(name: str) -> dict[str, Any]:
    """Return a counter that only the aggregator refuses."""
    return delta(1, name, attributes=[{"key": "k", "value": {"stringValue": "x" * 5000}}])


def body(*services: tuple[str, list[dict[str, Any]]]) -> bytes:
    """Return a request in OTLP JSON: metrics by service."""
    return json.dumps(
        {
            "resourceMetrics": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                    "scopeMetrics": [{"metrics": metrics}],
                }
                for service, metrics in services
            ]
        }
    ).encode()


def ingest(gateway: FakeGateway, request: bytes, media_type: str = JSON) -> RejectedPoints:
    return run(ingest_metrics(gateway, request, media_type))


def values(gateway: FakeGateway) -> dict[str, list[int | float]]:
    """Return the values of all series by service."""
    return {
        service: values_of(metrics.collect(is_passed_on=False))
        for service, metrics in gateway.services.items()
    }


def test_each_service_of_a_request_has_its_own_aggregator() -> None:
    gateway = FakeGateway()
    request = body(("cart", [delta(1)]), ("shop", [delta(10)]), ("cart", [delta(2, "other")]))
    assert ingest(gateway, request) == RejectedPoints(0, "")
    assert [service for service, _ in gateway.pushed] == ["cart", "shop"]
    assert values(gateway) == {"cart": [1, 2], "shop": [10]}


def test_both_encodings_are_added_up() -> None:
    gateway = FakeGateway()
    rich = rich_metrics_request()
    assert ingest(gateway, rich.SerializeToString(), PROTOBUF) == RejectedPoints(0, "")
    assert ingest(gateway, body(("shop", [delta(1)]))) == RejectedPoints(0, "")
    assert gateway.services["shop"].series_count == 6


def test_the_same_body_again_adds_nothing_and_says_that_all_is_well() -> None:
    gateway = FakeGateway()
    request = body(("cart", [delta(1)]), ("shop", [delta(10)]))
    assert [ingest(gateway, request) for _ in range(3)] == [RejectedPoints(0, "")] * 3
    assert values(gateway) == {"cart": [1], "shop": [10]}
    assert ingest(gateway, body(("cart", [delta(1, startTimeUnixNano="1")]))) == RejectedPoints(0, "")
    assert values(gateway) == {"cart": [2], "shop": [10]}


def test_a_partial_success_that_is_sent_again_says_the_same_and_adds_nothing() -> None:
    gateway = FakeGateway()
    request = body(("cart", [delta(1), delta(-1)]))
    first, second = ingest(gateway, request), ingest(gateway, request)
    assert (first, first.rejected_count) == (second, 1)
    assert values(gateway) == {"cart": [1]}


def test_an_empty_request_succeeds_and_asks_no_aggregator() -> None:
    for request, media_type in ((b"{}", JSON), (b'{"resourceMetrics":[]}', JSON), (b"", PROTOBUF)):
        gateway = FakeGateway()
        assert ingest(gateway, request, media_type) == RejectedPoints(0, "")
        assert gateway.pushed == []


def test_when_the_second_service_fails_the_retry_counts_nothing_twice() -> None:
    gateway = FakeGateway()
    gateway.failures["shop"] = StorageUnavailable("busy")
    request = body(("cart", [delta(1)]), ("shop", [delta(10)]))
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            ingest(gateway, request)
    assert values(gateway) == {"cart": [1]}
    gateway.failures.clear()
    assert ingest(gateway, request) == RejectedPoints(0, "")
    assert values(gateway) == {"cart": [1], "shop": [10]}


def test_what_one_service_refuses_is_a_partial_success() -> None:
    gateway = FakeGateway()
    result = ingest(gateway, body(("cart", [delta(1)]), ("shop", [oversized("bad"), delta(2, "fine")])))
    assert result == RejectedPoints(
        1, "1 data points rejected: metric 'bad' the attributes are larger than 4096 bytes"
    )
    assert values(gateway) == {"cart": [1], "shop": [2]}


def test_what_cannot_be_decoded_and_what_cannot_be_added_are_counted_together() -> None:
    gateway = FakeGateway()
    result = ingest(gateway, body(("cart", [oversized("bad"), delta(1), delta(-1)])))
    assert result.rejected_count == 2
    negative = "resourceMetrics[0].scopeMetrics[0].metrics[2].sum.dataPoints[0].value must not be negative"
    assert result.message.startswith(f"2 data points rejected: {negative}")
    assert result.message.endswith("; metric 'bad' the attributes are larger than 4096 bytes")
    assert values(gateway) == {"cart": [1]}


def test_the_message_has_five_reasons_at_most() -> None:
    gateway = FakeGateway()
    bad = [oversized(f"bad{number}") for number in range(30)]
    result = ingest(gateway, body(("cart", [delta(1), *bad[:15]]), ("shop", bad[15:])))
    assert result.rejected_count == 30
    assert [f"'bad{number}'" in result.message for number in range(6)] == [True] * 5 + [False]
    assert result.message.count("'bad") == 5


def test_a_request_without_one_point_that_can_be_taken_is_refused_with_its_reasons() -> None:
    gateway = FakeGateway()
    with pytest.raises(InvalidOtlp) as caught:
        ingest(gateway, body(("cart", [oversized("a")]), ("shop", [oversized("b")])))
    assert caught.value.violations == (
        FieldViolation("metric 'a'", "the attributes are larger than 4096 bytes"),
        FieldViolation("metric 'b'", "the attributes are larger than 4096 bytes"),
    )
    assert caught.value.message.startswith("2 data points rejected: ")
    assert values(gateway) == {"cart": [], "shop": []}


def test_a_full_service_refuses_its_new_series_and_no_other_s() -> None:
    gateway = FakeGateway(AggregationOptions(series_limit=1))
    request = body(("cart", [delta(1), delta(2, "second")]), ("shop", [delta(3)]))
    result = ingest(gateway, request)
    assert result.rejected_count == 1
    assert "metric 'second' the service has 1 series; no more are taken until" in result.message
    assert values(gateway) == {"cart": [1], "shop": [3]}
    assert ingest(gateway, body(("cart", [delta(5)]))) == RejectedPoints(0, "")
    assert values(gateway)["cart"] == [6]


@pytest.mark.parametrize(("request_body", "media_type"), [(b"[]", JSON), (b"\x0a", PROTOBUF)])
def test_a_body_that_is_no_request_asks_no_aggregator(request_body: bytes, media_type: str) -> None:
    gateway = FakeGateway()
    with pytest.raises(InvalidOtlp):
        ingest(gateway, request_body, media_type)
    assert gateway.pushed == []
