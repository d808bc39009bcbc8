"""Every example of examples/metrics, in workerd."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from otel_worker_cli.runtime.session import DevSession
from tests.sdk.points import attributes_of, data_points
from tests.sdk.receiver import Received, Receiver

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "metrics" / "src"

Points = dict[str, list[tuple[dict[str, Any], Any]]]


@pytest.fixture
def visit(worker: DevSession, examples_receiver: Receiver) -> Callable[[str], tuple[int, Points]]:
    """Return a function that asks for a path, and returns the status and what was recorded of it."""

    def visit(path: str) -> tuple[int, Points]:
        before = len(_exports(examples_receiver.requests()))
        status = httpx.get(f"{worker.url}{path}", timeout=60).status_code
        requests = examples_receiver.wait_for(lambda requests: len(_exports(requests)) > before)
        (received,) = _exports(requests)[before:]
        assert received.headers["Authorization"] == "Bearer examples-token"
        return status, data_points(received)

    return visit


def _exports(requests: list[Received]) -> list[Received]:
    return [received for received in requests if received.path == "/v1/metrics"]


def test_every_example_has_its_test() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {
        "entry",
        "routes",
        "one_request",
        "alarms",
        "llm",
        "bridge",
    }


REQUEST = {"http.request.method": "GET", "url.scheme": "http"}


@pytest.mark.parametrize("user", ["1", "2"])
def test_requests_are_counted_by_route(visit: Callable[[str], tuple[int, Points]], user: str) -> None:
    status, points = visit(f"/routes/users/{user}")
    assert status == 200
    assert set(points) == {"http.server.requests", "http.server.request.duration"}
    expected = {**REQUEST, "http.route": "/routes/users/{id}", "http.response.status_code": 200}
    ((attributes, requests),) = points["http.server.requests"]
    assert (attributes, requests.as_int) == (expected, 1)
    ((attributes, duration),) = points["http.server.request.duration"]
    assert (attributes, duration.count, sum(duration.bucket_counts)) == (expected, 1, 1)


def test_an_exception_of_the_handler_is_status_500_and_an_error(
    visit: Callable[[str], tuple[int, Points]],
) -> None:
    status, points = visit("/routes/broken")
    assert status == 500
    expected = {
        **REQUEST,
        "http.route": "/routes/broken",
        "http.response.status_code": 500,
        "error.type": "RuntimeError",
    }
    for name in ("http.server.requests", "http.server.errors"):
        ((attributes, point),) = points[name]
        assert (attributes, point.as_int) == (expected, 1)
    ((attributes, duration),) = points["http.server.request.duration"]
    assert (attributes, duration.count) == (expected, 1)


def test_a_path_without_a_route_has_no_attribute_of_it(visit: Callable[[str], tuple[int, Points]]) -> None:
    status, points = visit("/routes/wp-login.php")
    assert status == 404
    ((attributes, _),) = points["http.server.requests"]
    assert attributes == {**REQUEST, "http.response.status_code": 404}


def test_a_collector_for_one_request(visit: Callable[[str], tuple[int, Points]]) -> None:
    status, points = visit("/request")
    assert status == 200
    ((attributes, orders),) = points["shop.orders"]
    assert (attributes, orders.as_int) == ({"payment.method": "card"}, 1)
    ((attributes, revenue),) = points["shop.revenue"]
    assert (attributes, revenue.as_double) == ({"currency": "EUR"}, 19.9)
    ((attributes, stock),) = points["shop.stock"]
    assert (attributes, stock.as_int) == ({"product": "tea"}, 41)
    ((_, basket),) = points["shop.basket"]
    assert (list(basket.bucket_counts), basket.sum) == ([0, 0, 1, 0, 0], 3)


def test_the_alarm_of_a_durable_object(visit: Callable[[str], tuple[int, Points]]) -> None:
    status, points = visit("/alarms")
    assert status == 202
    assert set(points) == {"durable_object.alarms", "durable_object.alarm.duration"}
    ((attributes, alarms),) = points["durable_object.alarms"]
    assert (attributes, alarms.as_int) == ({"durable_object.class": "Reminder"}, 1)
    ((attributes, duration),) = points["durable_object.alarm.duration"]
    assert (attributes, duration.count) == ({"durable_object.class": "Reminder"}, 1)


def test_calls_of_a_language_model(visit: Callable[[str], tuple[int, Points]]) -> None:
    status, points = visit("/llm")
    assert status == 200
    call = {
        "gen_ai.provider.name": "openai",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5-mini",
    }
    stages = [{**call, "stage": stage} for stage in ("plan", "write")]
    tokens = [(attributes, point.sum) for attributes, point in points["gen_ai.client.token.usage"]]
    assert tokens == [
        ({**stage, "gen_ai.token.type": direction}, count)
        for stage in stages
        for direction, count in (("input", 12), ("output", 5))
    ]
    costs = [(attributes, point.as_double) for attributes, point in points["gen_ai.client.cost"]]
    assert costs == [(stage, pytest.approx(12 * 0.25e-6 + 5 * 2e-6)) for stage in stages]
    durations = [
        (attributes, point.count) for attributes, point in points["gen_ai.client.operation.duration"]
    ]
    assert durations == [(stage, 1) for stage in stages]


def test_a_library_that_knows_only_opentelemetry(
    visit: Callable[[str], tuple[int, Points]], examples_receiver: Receiver
) -> None:
    _, first = visit("/bridge")
    _, second = visit("/bridge")
    assert {name: points[0][1].as_int for name, points in first.items()} == {
        "cache.misses": 1,
        "cache.entries": 1,
    }
    assert {name: points[0][1].as_int for name, points in second.items()} == {
        "cache.hits": 1,
        "cache.entries": 1,
    }
    (resource_metrics,) = _exports(examples_receiver.requests())[-1].parse().resource_metrics
    assert attributes_of(resource_metrics.resource)["service.name"] == "shop"
    (scope_metrics,) = resource_metrics.scope_metrics
    assert (scope_metrics.scope.name, scope_metrics.scope.version) == ("shop.cache", "1.2.3")
