"""The ready-made instruments, without the runtime: what they record, and that they change nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from tests.sdk.harness import Bench
from tests.sdk.points import data_points
from workers_otel import Metrics, instrument_alarm, instrument_fetch, llm_call, shared_metrics


class Context:
    """A `ctx` that keeps what waitUntil gets."""

    def __init__(self) -> None:
        self.waiting: list[Coroutine[Any, Any, Any]] = []

    def waitUntil(self, awaitable: Coroutine[Any, Any, Any]) -> None:  # noqa: N802 - the runtime's name
        self.waiting.append(awaitable)


def worker(bench: Bench, handler: Any, route: Any = None, ctx: Any = None) -> Any:
    """Return an entrypoint with a decorated handler."""

    class Default:
        env = SimpleNamespace(name="production")

        @instrument_fetch(lambda env: bench.metrics, route=route)
        async def fetch(self, request: Any) -> Any:
            bench.pass_seconds(0.25)
            return handler(request)

    default = Default()
    default.ctx = ctx or Context()  # type: ignore[attr-defined]
    return default


def request(method: str = "GET", url: str = "https://shop.test/users/1?q=x") -> Any:
    return SimpleNamespace(js_object=SimpleNamespace(method=method, url=url))


def run(default: Any, request: Any) -> Any:
    """Answer a request, then do what waits for after it."""

    async def answer() -> Any:
        try:
            return await default.fetch(request)
        finally:
            for awaitable in getattr(default.ctx, "waiting", ()):
                await awaitable

    return asyncio.run(answer())


def test_a_request_is_counted_and_timed() -> None:
    bench, response = Bench(), SimpleNamespace(status=201)
    default = worker(bench, lambda _request: response, route="/users/{id}")
    assert run(default, request("POST")) is response
    points = data_points(bench.sent[0])
    expected = {
        "http.request.method": "POST",
        "url.scheme": "https",
        "http.route": "/users/{id}",
        "http.response.status_code": 201,
    }
    assert [attributes for series in points.values() for attributes, _ in series] == [expected, expected]
    ((_, duration),) = points["http.server.request.duration"]
    assert (duration.count, duration.sum) == (1, 0.25)
    assert duration.bucket_counts[6] == 1


@pytest.mark.parametrize(
    ("method", "recorded"),
    [("DELETE", "DELETE"), ("PATCH", "PATCH"), ("get", "_OTHER"), ("BREW", "_OTHER"), ("", "_OTHER")],
)
def test_a_method_that_anybody_could_invent_is_other(method: str, recorded: str) -> None:
    bench = Bench()
    run(worker(bench, lambda _request: SimpleNamespace(status=200)), request(method))
    ((attributes, _),) = data_points(bench.sent[0])["http.server.requests"]
    assert attributes["http.request.method"] == recorded


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (404, 0), (499, 0), (500, 1), (503, 1)])
def test_a_status_from_500_on_is_an_error(status: int, errors: int) -> None:
    bench = Bench()
    run(worker(bench, lambda _request: SimpleNamespace(status=status)), request())
    points = data_points(bench.sent[0])
    assert len(points.get("http.server.errors", [])) == errors
    ((attributes, _),) = points["http.server.requests"]
    assert attributes.get("error.type") == (str(status) if errors else None)


def test_the_exception_of_a_handler_passes_unchanged() -> None:
    error = KeyError("cart")

    def fail(_request: Any) -> Any:
        raise error

    bench = Bench()
    with pytest.raises(KeyError) as raised:
        run(worker(bench, fail), request())
    assert raised.value is error
    ((attributes, point),) = data_points(bench.sent[0])["http.server.errors"]
    assert (attributes["http.response.status_code"], attributes["error.type"]) == (500, "KeyError")
    assert point.as_int == 1


def test_a_cancelled_request_is_no_error() -> None:
    def cancel(_request: Any) -> Any:
        raise asyncio.CancelledError

    bench = Bench()
    with pytest.raises(asyncio.CancelledError):
        run(worker(bench, cancel), request())
    assert bench.sent == []


def failing_route(_request: Any) -> str:
    raise ValueError("no route")


@pytest.mark.parametrize("route", [None, lambda _request: None, failing_route])
def test_without_a_pattern_there_is_no_route(route: Any) -> None:
    bench = Bench()
    run(worker(bench, lambda _request: SimpleNamespace(status=200), route=route), request())
    ((attributes, _),) = data_points(bench.sent[0])["http.server.requests"]
    assert "http.route" not in attributes


def test_a_request_that_cannot_be_read_is_dropped_and_answered() -> None:
    bench, response = Bench(), SimpleNamespace(status=200)
    assert run(worker(bench, lambda _request: response), object()) is response
    assert set(data_points(bench.sent[0])) == {"workers_otel.dropped"}


def test_a_response_without_a_status_is_counted_without_one() -> None:
    bench = Bench()
    assert run(worker(bench, lambda _request: None), request()) is None
    ((attributes, _),) = data_points(bench.sent[0])["http.server.requests"]
    assert "http.response.status_code" not in attributes


def test_without_wait_until_the_records_wait_for_another_flush() -> None:
    bench, response = Bench(), SimpleNamespace(status=200)
    default = worker(bench, lambda _request: response, ctx=object())
    assert run(default, request()) is response
    assert bench.flush().sent_points == 2


def test_without_an_endpoint_a_decorated_handler_only_answers() -> None:
    bench, response = Bench(endpoint=None), SimpleNamespace(status=200)
    default = worker(bench, lambda _request: response)
    assert run(default, request()) is response
    assert default.ctx.waiting == []


def test_a_handler_need_not_be_a_coroutine() -> None:
    bench = Bench()

    class Default:
        env = None
        ctx = Context()

        @instrument_fetch(lambda env: bench.metrics)
        def fetch(self, request: Any) -> Any:
            return SimpleNamespace(status=200)

    assert run(Default(), request()).status == 200
    assert Default.fetch.__name__ == "fetch"
    assert len(bench.sent) == 1


def alarmed(bench: Bench, handler: Any) -> Any:
    class Reminder:
        env = None

        @instrument_alarm(lambda env: bench.metrics)
        async def alarm(self, alarm_info: Any = None) -> Any:
            bench.pass_seconds(3)
            return handler(alarm_info)

    return Reminder()


def test_an_alarm_is_counted_and_timed_by_class() -> None:
    bench = Bench()
    asyncio.run(alarmed(bench, lambda info: info).alarm("info"))
    points = data_points(bench.sent[0])
    assert set(points) == {"durable_object.alarms", "durable_object.alarm.duration"}
    ((attributes, duration),) = points["durable_object.alarm.duration"]
    assert (attributes, duration.sum) == ({"durable_object.class": "Reminder"}, 3)


def test_an_alarm_that_raises_is_an_error_and_raises() -> None:
    def fail(_info: Any) -> None:
        raise OSError("disk")

    bench = Bench()
    with pytest.raises(OSError, match="disk"):
        asyncio.run(alarmed(bench, fail).alarm())
    points = data_points(bench.sent[0])
    expected = {"durable_object.class": "Reminder", "error.type": "OSError"}
    for name in ("durable_object.alarms", "durable_object.alarm.errors", "durable_object.alarm.duration"):
        assert [attributes for attributes, _ in points[name]] == [expected]


CALL = {"gen_ai.provider.name": "openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


def test_a_call_of_a_model_has_duration_tokens_and_cost() -> None:
    bench = Bench()
    with llm_call(bench.metrics, provider="openai", model="m", stage="plan") as call:
        bench.pass_seconds(1.5)
        call.used(input_tokens=100, output_tokens=7, cost_usd=0.25)
    bench.flush()
    points = data_points(bench.sent[0])
    staged = {**CALL, "stage": "plan"}
    assert [(attributes, point.sum) for attributes, point in points["gen_ai.client.token.usage"]] == [
        ({**staged, "gen_ai.token.type": "input"}, 100),
        ({**staged, "gen_ai.token.type": "output"}, 7),
    ]
    ((attributes, cost),) = points["gen_ai.client.cost"]
    assert (attributes, cost.as_double) == (staged, 0.25)
    ((attributes, duration),) = points["gen_ai.client.operation.duration"]
    assert (attributes, duration.sum) == (staged, 1.5)


def test_a_call_of_a_model_that_raises_is_timed_with_its_error() -> None:
    bench = Bench()
    with pytest.raises(TimeoutError), llm_call(bench.metrics, provider="openai", model="m"):
        raise TimeoutError
    bench.flush()
    points = data_points(bench.sent[0])
    assert set(points) == {"gen_ai.client.operation.duration"}
    ((attributes, _),) = points["gen_ai.client.operation.duration"]
    assert attributes == {**CALL, "error.type": "TimeoutError"}


def test_shared_metrics_are_made_once_from_the_variables() -> None:
    bench = Bench()
    get_metrics = shared_metrics(service_name="shop", transport=bench._transport)
    env = SimpleNamespace(OTLP_ENDPOINT="https://otlp.test", OTLP_AUTH_TOKEN="t")
    metrics = get_metrics(env)
    assert get_metrics(SimpleNamespace()) is metrics
    metrics.counter("count")
    assert asyncio.run(metrics.flush()).outcome == "sent"
    assert bench.sent[0].path == "https://otlp.test/v1/metrics"


def test_shared_metrics_without_variables_are_off() -> None:
    metrics: Metrics = shared_metrics(service_name="shop")(SimpleNamespace())
    assert not metrics.is_on


def test_a_wrong_option_of_shared_metrics_fails_at_once() -> None:
    with pytest.raises(TypeError, match="max_serie"):
        shared_metrics(service_name="shop", max_serie=1)
