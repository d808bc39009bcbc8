"""The aggregator: identities, sums, points that are passed on, starts, retries and expiry."""

from __future__ import annotations

from math import inf, nan

import pytest

from otel_worker.metric_model import (
    CUMULATIVE,
    GAUGE,
    NO_RECORDED_VALUE,
    SUMMARY,
    Metric,
    MetricGroup,
    NumberPoint,
    SummaryPoint,
)
from otel_worker.metrics.aggregation import Aggregator
from otel_worker.metrics.options import AggregationOptions
from otel_worker.model import Attributes, Resource, Scope
from tests.core.metric_pushes import MILLISECOND, Pusher, group, metric, number, points_of
from tests.samples import NOW_UNIX_NANO, SECOND

HOUR = 3600 * SECOND


def test_deltas_of_one_series_become_a_cumulative_point_of_now() -> None:
    pusher = Pusher()
    first = metric(number(3, {"route": "/a"}), name="requests", unit="{request}", description="Requests.")
    pusher.push(first)
    pusher.now += 5 * SECOND
    later = number(4, {"route": "/a"}, start=NOW_UNIX_NANO, time=pusher.now)
    pusher.push(metric(later, name="requests", unit="{request}"))
    pusher.now += 60 * SECOND
    total = NumberPoint({"route": "/a"}, NOW_UNIX_NANO - SECOND, pusher.now, 7)
    assert pusher.snapshot().groups == [
        MetricGroup(
            Resource({"service.name": "checkout"}),
            Scope("tests"),
            [Metric("requests", "Requests.", "{request}", "sum", CUMULATIVE, True, [total])],
        )
    ]


def test_the_deltas_of_all_instances_sum_up() -> None:
    pusher = Pusher()
    pusher.push_groups(group(metric(number(1)), service_instance_id="a"))
    pusher.push_groups(group(metric(number(2)), service_instance_id="b"), group(metric(number(4))))
    assert pusher.values() == [7]
    assert pusher.snapshot().groups[0].resource.attributes == {"service.name": "checkout"}


def test_other_resource_attributes_tell_series_apart_unless_they_are_dropped() -> None:
    old = group(metric(number(1)), service_version="1", cloud_region="weur")
    new = group(metric(number(2)), service_version="2", cloud_region="weur")
    pusher = Pusher()
    pusher.push_groups(old, new)
    assert pusher.values() == [1, 2]
    pusher = Pusher(
        Aggregator(AggregationOptions(dropped_resource_attributes=frozenset({"service.version"})))
    )
    pusher.push_groups(old, new)
    assert pusher.values() == [3]
    assert pusher.snapshot().groups[0].resource.attributes == {
        "service.name": "checkout",
        "cloud.region": "weur",
    }
    options = AggregationOptions(identifying_resource_attributes=frozenset({"service.name"}))
    pusher = Pusher(Aggregator(options))
    pusher.push_groups(old, new)
    assert pusher.values() == [3]
    assert pusher.snapshot().groups[0].resource.attributes == {"service.name": "checkout"}


def test_the_order_of_attributes_does_not_matter() -> None:
    pusher = Pusher()
    nested: Attributes = {"b": {"map": {"y": 1, "x": 2}}, "a": 1}
    turned: Attributes = {"a": 1, "b": {"map": {"x": 2, "y": 1}}}
    pusher.push(metric(number(1, nested)), metric(number(2, turned)))
    assert pusher.values() == [3]


def test_the_types_of_attributes_matter() -> None:
    pusher = Pusher()
    attributes: list[Attributes] = [
        {"a": True},
        {"a": 1},
        {"a": 1.0},
        {"a": "1"},
        {"a": None},
        {"a": [1]},
        {},
    ]
    pusher.push(metric(*(number(place, each) for place, each in enumerate(attributes))))
    points = pusher.points()
    assert pusher.values() == [0, 1, 2, 3, 4, 5, 6]
    assert [(point.attributes, [type(v) for v in point.attributes.values()]) for point in points] == [
        (each, [type(v) for v in each.values()]) for each in attributes
    ]


@pytest.mark.parametrize(
    "other",
    [
        group(metric(number(1), name="errors")),
        group(metric(number(1), unit="s")),
        group(metric(number(1), is_monotonic=False)),
        group(metric(number(1), kind=GAUGE, temporality=0)),
        group(metric(number(1)), scope=Scope("other")),
        group(metric(number(1)), scope=Scope("tests", "2")),
        group(metric(number(1)), scope=Scope("tests", "", {"a": 1})),
        group(metric(number(1)), scope=Scope("tests", "", {}, 0, "https://example.com/schema")),
    ],
)
def test_what_else_tells_series_apart(other: MetricGroup) -> None:
    pusher = Pusher()
    pusher.push_groups(group(metric(number(1))), other)
    assert pusher.values() == [1, 1]


def test_the_description_is_the_first_that_is_not_empty() -> None:
    pusher = Pusher()
    for description in ("", "first", "second", ""):
        pusher.push(metric(number(1), description=description))
    assert [m.description for g in pusher.snapshot().groups for m in g.metrics] == ["first"]
    pusher.now += 26 * HOUR
    pusher.aggregator.expire(pusher.now)
    pusher.push(metric(number(1), description="second"))
    assert [m.description for g in pusher.snapshot().groups for m in g.metrics] == ["second"]


def test_integers_are_exact_to_64_bits_and_then_doubles() -> None:
    pusher = Pusher()
    pusher.push(metric(number(2**63 - 2)))
    pusher.push(metric(number(1)))
    assert pusher.values() == [2**63 - 1]
    pusher.push(metric(number(1)))
    (value,) = pusher.values()
    assert value == 2.0**63
    assert isinstance(value, float)


def test_an_integer_and_a_double_become_a_double() -> None:
    pusher = Pusher()
    pusher.push(metric(number(1), number(0.5)))
    assert pusher.values() == [1.5]
    pusher.push(metric(number(1)))
    assert pusher.values() == [2.5]


def test_a_sum_that_goes_up_and_down_stays_one() -> None:
    pusher = Pusher()
    pusher.push(metric(number(5), number(-7), is_monotonic=False))
    assert pusher.values() == [-2]
    snapshot = pusher.snapshot()
    assert snapshot.groups[0].metrics[0].is_monotonic is False
    assert snapshot.zero_groups == []


def test_late_deltas_count_and_move_no_start() -> None:
    pusher = Pusher()
    pusher.push(metric(number(1)))
    pusher.push(metric(number(10, start=NOW_UNIX_NANO - 60 * SECOND, time=NOW_UNIX_NANO - 50 * SECOND)))
    (point,) = pusher.points()
    assert (point.start_unix_nano, pusher.values()) == (NOW_UNIX_NANO - SECOND, [11])


@pytest.mark.parametrize("start", [0, NOW_UNIX_NANO + 1, NOW_UNIX_NANO - 26 * HOUR])
def test_a_start_that_cannot_be_is_the_arrival(start: int) -> None:
    pusher = Pusher()
    pusher.push(metric(number(1, start=start)))
    (point,) = pusher.points()
    assert (point.start_unix_nano, point.time_unix_nano) == (NOW_UNIX_NANO, NOW_UNIX_NANO + MILLISECOND)


def test_the_value_of_a_gauge_is_the_newest() -> None:
    pusher = Pusher()
    for value, time in ((1, 10), (2, 30), (3, 20), (4, 30)):
        pusher.push(metric(number(value, start=0, time=time), kind=GAUGE, temporality=0))
    assert pusher.points() == [NumberPoint({}, 0, 30, 2)]
    assert pusher.snapshot().groups[0].metrics[0].temporality == 0
    assert pusher.snapshot().zero_groups == []


def test_cumulative_points_are_passed_on_for_each_instance() -> None:
    pusher = Pusher()
    for instance, value in (("a", 100), ("b", 7)):
        point = number(value, start=5, time=10)
        pusher.push_groups(group(metric(point, temporality=CUMULATIVE), service_instance_id=instance))
    snapshot = pusher.snapshot()
    assert [g.resource.attributes["service.instance.id"] for g in snapshot.groups] == ["a", "b"]
    assert points_of(snapshot.groups) == [NumberPoint({}, 5, 10, 100), NumberPoint({}, 5, 10, 7)]
    assert snapshot.zero_groups == []


def test_late_and_equal_cumulative_points_change_nothing_and_a_new_start_is_a_reset() -> None:
    pusher = Pusher()
    pusher.push(metric(number(100, start=5, time=10), temporality=CUMULATIVE))
    late = [number(1, start=5, time=10), number(1, start=5, time=9), number(1, start=4, time=11)]
    result = pusher.aggregator.push([group(metric(*late, temporality=CUMULATIVE))], "late", pusher.now)
    assert (result.accepted_points, result.ignored_points, result.rejected_count) == (3, 3, 0)
    assert pusher.values() == [100]
    pusher.push(metric(number(2, start=11, time=12), temporality=CUMULATIVE))
    assert pusher.points() == [NumberPoint({}, 11, 12, 2)]


def test_summaries_and_values_that_are_no_numbers_are_passed_on() -> None:
    pusher = Pusher()
    summary = SummaryPoint({"a": 1}, 5, 10, 3, 6.5, [(0.5, 2.0), (1.0, inf)])
    pusher.push(metric(summary, name="s", kind=SUMMARY, temporality=0))
    pusher.push(metric(number(nan, time=10), name="g", kind=GAUGE, temporality=0))
    points = pusher.points()
    assert points[0] == summary
    assert isinstance(points[1], NumberPoint)
    assert points[1].value != points[1].value


def test_the_callers_points_are_left_alone() -> None:
    pusher = Pusher()
    point = number(1, {"a": 1}, start=5, time=10)
    pusher.push(metric(point, temporality=CUMULATIVE))
    assert point == number(1, {"a": 1}, start=5, time=10)


def test_a_retry_changes_nothing_and_says_so() -> None:
    aggregator = Aggregator()
    groups = [group(metric(number(1)), metric(number(-1), name="bad"))]
    first = aggregator.push(groups, "digest", NOW_UNIX_NANO)
    assert (first.accepted_points, first.rejected_count, first.is_duplicate) == (1, 1, False)
    again = aggregator.push(groups, "digest", NOW_UNIX_NANO + 600 * SECOND)
    assert (again.accepted_points, again.rejected_count, again.is_duplicate) == (0, 0, True)
    assert Pusher(aggregator).values() == [1]
    later = aggregator.push(groups, "digest", NOW_UNIX_NANO + 640 * SECOND)
    assert later.is_duplicate is False
    assert Pusher(aggregator).values() == [2]


def test_a_series_without_points_expires_and_comes_back_with_a_later_start() -> None:
    pusher = Pusher()
    pusher.push(metric(number(5)))
    pusher.now += 26 * HOUR - 1
    assert pusher.aggregator.expire(pusher.now) == 0
    assert pusher.values() == [5]
    (last_given_out,) = pusher.points()
    pusher.now += 1
    assert pusher.aggregator.expire(pusher.now) == 1
    assert pusher.points() == []
    pusher.push(metric(number(2, start=pusher.now - SECOND, time=pusher.now)))
    (point,) = pusher.points()
    assert point.start_unix_nano > last_given_out.time_unix_nano
    assert point.time_unix_nano > point.start_unix_nano
    assert pusher.values() == [2]


def test_what_is_passed_on_expires_when_prometheus_would_not_show_it_any_more() -> None:
    pusher = Pusher()
    pusher.push(metric(number(1), kind=GAUGE, temporality=0), metric(number(2), temporality=CUMULATIVE))
    pusher.push(metric(number(3)))
    pusher.now += 300 * SECOND
    assert pusher.aggregator.expire(pusher.now) == 2
    assert pusher.values() == [3]


@pytest.mark.parametrize("is_late", [False, True])
def test_no_recorded_value_ends_a_series_until_its_next_point(is_late: bool) -> None:
    pusher = Pusher()
    pusher.push(metric(number(5)))
    pusher.aggregator.mark_sent(pusher.snapshot())
    pusher.now += SECOND
    pusher.push(metric(number(0, time=pusher.now, flags=NO_RECORDED_VALUE)))
    snapshot = pusher.snapshot()
    (ended,) = points_of(snapshot.groups)
    assert (ended.flags, snapshot.zero_groups) == (NO_RECORDED_VALUE, [])
    if not is_late:
        pusher.aggregator.mark_sent(snapshot)
        assert pusher.points() == []
    pusher.now += SECOND
    pusher.push(metric(number(2, start=NOW_UNIX_NANO, time=pusher.now)))
    pusher.aggregator.mark_sent(snapshot)
    (point,) = pusher.points()
    assert (point.flags, pusher.values()) == (0, [2])
    assert point.start_unix_nano > ended.time_unix_nano
    assert len(points_of(pusher.snapshot().zero_groups)) == 1


def test_the_end_of_a_series_that_is_not_there_or_is_late_changes_nothing() -> None:
    pusher = Pusher()
    end = number(0, time=10, flags=NO_RECORDED_VALUE)
    assert pusher.push(metric(end)) == (1, 0)
    assert pusher.points() == []
    pusher.push(metric(number(1, time=11), kind=GAUGE, temporality=0))
    pusher.push(metric(end, kind=GAUGE, temporality=0))
    assert pusher.values() == [1]


def test_a_gauge_that_ended_goes_on_with_its_next_point() -> None:
    pusher = Pusher()
    for point in (number(1, time=10), number(0, time=11, flags=NO_RECORDED_VALUE), number(3, time=12)):
        pusher.push(metric(point, kind=GAUGE, temporality=0))
    assert pusher.points() == [number(3, time=12)]


def test_time_does_not_run_backwards() -> None:
    pusher = Pusher()
    pusher.push(metric(number(1)))
    pusher.now -= HOUR
    (point,) = pusher.points()
    assert point.time_unix_nano == NOW_UNIX_NANO
