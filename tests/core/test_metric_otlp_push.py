"""Passing metrics on: every answer of an endpoint, and metrics at fault among many."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from otel_worker.metric_model import Metric, MetricGroup
from otel_worker.metrics.otlp_push import (
    MAX_POINTS_PER_REQUEST,
    MAX_REQUESTS,
    NO_ANSWER,
    PushOutcome,
    push_groups,
    retry_seconds,
    without,
)
from tests.core.metric_pushes import group, metric, number
from tests.samples import run


class Endpoint:
    """Answers by the names of the metrics in a request, and keeps what it took."""

    def __init__(self, answer: Callable[[list[str]], int] = lambda names: 200) -> None:
        self.answer = answer
        self.requests: list[list[str]] = []
        self.taken: list[str] = []

    async def post(self, body: bytes) -> int:
        """Take a request of push_groups."""
        names = [
            metric["name"]
            for resource in json.loads(body)["resourceMetrics"]
            for scope in resource["scopeMetrics"]
            for metric in scope["metrics"]
        ]
        self.requests.append(names)
        status = self.answer(names)
        if 200 <= status < 300:
            self.taken += names
        return status


def named(*names: str) -> list[MetricGroup]:
    return [group(*(metric(number(1), name=name) for name in names))]


def refuse(status: int, *bad: str) -> Callable[[list[str]], int]:
    """Return the answers of an endpoint that takes nothing of a request with one of the bad metrics."""
    return lambda names: status if set(names) & set(bad) else 200


def push(endpoint: Endpoint, groups: Sequence[MetricGroup]) -> PushOutcome:
    return run(push_groups(groups, endpoint.post))


def test_everything_goes_in_one_request() -> None:
    endpoint = Endpoint()
    assert push(endpoint, [*named("a", "b"), *named("c")]) == PushOutcome(3, 0, 1, True, 200)
    assert endpoint.requests == [["a", "b", "c"]]


def test_nothing_is_no_request() -> None:
    endpoint = Endpoint()
    assert push(endpoint, []) == PushOutcome(0, 0, 0, True, 200)
    assert endpoint.requests == []


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_success_is_one(status: int) -> None:
    assert push(Endpoint(lambda names: status), named("a")) == PushOutcome(1, 0, 1, True, 200)


@pytest.mark.parametrize(
    "status", [NO_ANSWER, 408, 429, 502, 503, 504, 401, 403, 404, 405, 301, 302, 304, 307, 308]
)
def test_what_is_not_about_the_metrics_ends_the_flush(status: int) -> None:
    endpoint = Endpoint(lambda names: status)
    assert push(endpoint, named("a", "b")) == PushOutcome(0, 0, 1, False, status)


@pytest.mark.parametrize("status", [400, 413, 415, 422, 500, 501])
def test_a_metric_at_fault_is_found_and_the_others_are_taken(status: int) -> None:
    endpoint = Endpoint(refuse(status, "m5"))
    outcome = push(endpoint, named(*(f"m{number}" for number in range(8))))
    assert sorted(endpoint.taken) == ["m0", "m1", "m2", "m3", "m4", "m6", "m7"]
    assert outcome == PushOutcome(7, 1, 7, True, status)


@pytest.mark.parametrize(("status", "is_complete"), [(400, True), (500, False), (501, False)])
def test_all_metrics_refused_are_an_outage_when_the_server_says_that_it_failed(
    status: int, is_complete: bool
) -> None:
    outcome = push(Endpoint(lambda names: status), named("a", "b"))
    assert outcome == PushOutcome(0, 2, 3, is_complete, status)


def test_a_server_that_fails_amid_the_search_ends_the_flush() -> None:
    endpoint = Endpoint(refuse(400, "d"))
    answers = iter([400, 200, 503])
    endpoint.answer = lambda names: next(answers)
    assert push(endpoint, named("a", "b", "c", "d")) == PushOutcome(2, 0, 3, False, 503)
    assert endpoint.taken == ["a", "b"]


def test_a_request_has_so_many_points_at_most_unless_one_metric_has_more() -> None:
    def sized(name: str, count: int) -> Metric:
        return metric(*(number(1, {"n": n}) for n in range(count)), name=name)

    endpoint = Endpoint()
    sizes = {"a": MAX_POINTS_PER_REQUEST - 1, "b": 1, "c": 1, "d": MAX_POINTS_PER_REQUEST + 5, "e": 2}
    outcome = push(endpoint, [group(*(sized(name, size) for name, size in sizes.items()))])
    assert endpoint.requests == [["a", "b"], ["c"], ["d"], ["e"]]
    assert outcome == PushOutcome(sum(sizes.values()), 0, 4, True, 200)


def test_a_flush_takes_so_many_requests_at_most_and_finds_some_metrics_at_fault_in_any_case() -> None:
    endpoint = Endpoint(lambda names: 400)
    outcome = push(endpoint, named(*map(str, range(5_000))))
    assert outcome.requests == len(endpoint.requests) == MAX_REQUESTS
    assert (outcome.is_complete, outcome.is_exhausted) == (False, True)
    assert len(outcome.refused) > 20


def test_many_metrics_at_fault_keep_few_of_the_others_back() -> None:
    bad = [f"m{number}" for number in range(0, 400, 8)]
    endpoint = Endpoint(refuse(400, *bad))
    outcome = push(endpoint, named(*(f"m{number}" for number in range(400))))
    assert (outcome.requests, outcome.is_exhausted) == (MAX_REQUESTS, True)
    # Of 350 good ones, all but those that stand close to one at fault.
    assert outcome.sent_points == len(endpoint.taken) >= 120
    assert {name for name, _ in outcome.refused} <= set(bad)
    assert not set(endpoint.taken) & set(bad)


def test_in_an_outage_no_metric_is_at_fault() -> None:
    outcome = push(Endpoint(lambda names: 500), named("a", "b"))
    assert (outcome.is_complete, outcome.refused) == (False, set())


def test_what_was_refused_can_be_left_out() -> None:
    first = Endpoint(refuse(400, "b", "d"))
    outcome = push(first, named("a", "b", "c", "d"))
    assert outcome.is_complete
    assert outcome.refused == {("b", "sum"), ("d", "sum")}
    second = Endpoint()
    assert push(second, without(named("a", "b", "c", "d"), outcome.refused)).is_complete
    assert second.requests == [["a", "c"]]


def test_the_waits_between_retries_grow_to_a_limit_and_differ() -> None:
    assert [retry_seconds(failures, 1.0) for failures in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert [retry_seconds(failures, 0.0) for failures in (1, 2, 1000)] == [2.5, 5, 150]
