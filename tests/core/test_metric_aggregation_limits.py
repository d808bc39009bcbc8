"""What an aggregator does not take: points that cannot be, and more than its limits."""

from __future__ import annotations

from math import inf, nan

import pytest

from otel_worker.metrics.aggregation import Aggregator
from otel_worker.metrics.options import AggregationOptions
from tests.core.metric_pushes import Pusher, group, metric, number
from tests.samples import SECOND

HOUR = 3600 * SECOND


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_a_delta_that_is_no_number_is_rejected(value: float) -> None:
    pusher = Pusher()
    pusher.push(metric(number(1)))
    assert pusher.refuse(metric(number(value))) == ["a delta must be finite"]
    assert pusher.values() == [1]


def test_a_negative_delta_of_a_counter_is_rejected() -> None:
    assert Pusher().refuse(metric(number(-1))) == ["a delta of a monotonic sum must not be negative"]


def test_a_sum_without_temporality_is_rejected_with_all_its_points() -> None:
    pusher = Pusher()
    result = pusher.aggregator.push([group(metric(number(1), number(2), temporality=0))], "d", pusher.now)
    assert (result.accepted_points, result.rejected_count) == (0, 2)
    (rejection,) = result.rejections
    assert rejection == ("metric 'requests'", "aggregationTemporality must be delta or cumulative")


def test_a_kind_that_is_not_known_is_rejected() -> None:
    assert Pusher().refuse(metric(number(1), kind="guess")) == ["the kind of metric 'guess' is not known"]


def test_only_the_first_reasons_are_told() -> None:
    pusher = Pusher()
    bad = metric(*(number(-1) for _ in range(8)))
    result = pusher.aggregator.push([group(bad)], "d", pusher.now)
    assert (result.rejected_count, len(result.rejections)) == (8, 5)


def test_the_number_of_series_is_limited() -> None:
    pusher = Pusher(Aggregator(AggregationOptions(series_limit=2)))
    points = [number(1, {"a": place}) for place in range(3)]
    assert pusher.push(metric(*points)) == (2, 1)
    assert pusher.push(metric(*points[:2])) == (2, 0)
    assert pusher.refuse(metric(points[2])) == [
        "the service has 2 series; no more are taken until some expire"
    ]
    assert pusher.values() == [2, 2]


def test_the_size_of_all_series_is_limited() -> None:
    pusher = Pusher(Aggregator(AggregationOptions(state_bytes=2000)))
    accepted, rejected = pusher.push(
        metric(*(number(1, {"a": "x" * 200, "b": place}) for place in range(20)))
    )
    assert (accepted, rejected) == (6, 14)
    pusher.now += 26 * HOUR
    pusher.aggregator.expire(pusher.now)
    assert pusher.push(metric(number(1))) == (1, 0)


def test_the_size_of_what_a_series_is_told_by_is_limited() -> None:
    pusher = Pusher(Aggregator(AggregationOptions(attribute_bytes=100, resource_bytes=200)))
    long = "x" * 101
    assert pusher.refuse(metric(number(1, {"a": long}))) == ["the attributes are larger than 100 bytes"]
    for bad in (
        metric(number(1), name=long),
        metric(number(1), unit=long),
        metric(number(1), description=long),
    ):
        assert pusher.refuse(bad) == ["name, unit and description have more than 100 characters"]
    result = pusher.aggregator.push([group(metric(number(1)), host_name=long * 2)], "d", pusher.now)
    assert [each.description for each in result.rejections] == [
        "resource and scope are larger than 200 bytes"
    ]
    assert pusher.points() == []


def test_the_points_of_a_push_are_limited() -> None:
    pusher = Pusher(Aggregator(AggregationOptions(points_per_push=3)))
    first, second, third = (metric(number(1), number(1), name=name) for name in "abc")
    result = pusher.aggregator.push([group(first, second), group(third)], "d", pusher.now)
    assert (result.accepted_points, result.rejected_count) == (3, 3)
    assert [each.description for each in result.rejections] == ["the request has more than 3 points"] * 2
    assert pusher.values() == [2, 1]
